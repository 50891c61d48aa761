"""Other systems, one folder each. HL7 v2: `hl7v2` (the language), `intake` (what
others send us), `outgoing` (what we send to them)."""
