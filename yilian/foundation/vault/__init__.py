"""Keys, column encryption and keyed search indexes, 密钥与加密 (decisions 12)."""
