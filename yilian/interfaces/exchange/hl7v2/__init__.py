"""HL7 version 2, as wards and laboratories speak it: bytes, messages, meanings.

No tables here. From the wire inwards: `framing` (MLLP), `charset`, `message`
(segments and fields), `referral` (what a REF^I12 says), `content` and `resources`
(what of it goes into the hand-over and the record); outwards: `answering` (the
acknowledgement), `writing` (REF and RRI of ours), `client`; `listener` is the server.
"""
