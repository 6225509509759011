"""Verifies the DKIM signature of a mail against the public key beside this file. usage: python verify_dkim.py MAIL
Prints the signed header names in lower case, one a line; exits 1 if the signature does not hold."""
import pathlib, sys

import dkim

public = pathlib.Path(__file__).with_name("dkim.pub").read_bytes()
content = pathlib.Path(sys.argv[1]).read_bytes()
if not dkim.verify(content, dnsfunc=lambda name, timeout=5: b"v=DKIM1; k=rsa; p=" + public):
    sys.exit(1)
unfolded = content.decode().replace("\r\n ", " ").replace("\r\n\t", " ")
signature = next(line for line in unfolded.split("\r\n") if line.lower().startswith("dkim-signature:"))
tags = dict(part.strip().split("=", 1) for part in signature.split(":", 1)[1].split(";") if "=" in part)
print("\n".join(tags["h"].replace(" ", "").lower().split(":")))
