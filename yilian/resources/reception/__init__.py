"""Encounters opened and closed at a desk, 接诊登记: the ground most sight rests on."""
