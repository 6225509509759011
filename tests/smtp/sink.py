"""A real SMTP server (aiosmtpd) for the tests, which misbehaves as it is told.

usage: python sink.py FOLDER [--cert FILE --key FILE] [--smtps] [--auth NAME:PASSWORD] [--pipelining]

Listens on a free port of 127.0.0.1 and prints that port, alone on the first line. Each mail that it accepts becomes
FOLDER/NNNNNN.eml, and a line "recipient message-id" in FOLDER/log, written before the answer is sent.
What the recipient's name begins with decides what happens to a mail:
  hardrefuse@ 550 to RCPT        tempfail@  451 to RCPT, each time      tempfail1@ 451 to RCPT, the first time
  refusedata@ 554 to the mail    laterdata@ 452 to the mail
  dropbefore@ the line breaks after RCPT    dropafter@ the line breaks after the dot, the mail is kept
  greedy@     421 to RCPT and the line is closed
"""
import argparse, asyncio, logging, os, ssl, sys, threading, warnings

from aiosmtpd.smtp import SMTP, AuthResult

# It is told to do dangerous things and to break connections; it need not say so.
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

arguments = argparse.ArgumentParser()
arguments.add_argument("folder")
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments.add_argument("--smtps", action="store_true")
arguments.add_argument("--auth")
arguments.add_argument("--delay", type=float, default=0, help="seconds before each mail is answered")
arguments.add_argument("--pipelining", action="store_true", help="offer to take commands ahead")
options = arguments.parse_args()
os.makedirs(options.folder, exist_ok=True)
log = open(os.path.join(options.folder, "log"), "a", buffering=1)
seen, count = set(), 0


class Sink:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return responses[:-1] + ["250-PIPELINING"] * options.pipelining + responses[-1:]

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        name = address.split("@")[0]
        if name.startswith("hardrefuse"):
            return "550 5.1.1 no such mailbox"
        if name.startswith("tempfail") and not (name.startswith("tempfail1") and address in seen):
            seen.add(address)
            return "451 4.7.1 try again later"
        if name.startswith("greedy"):
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
            return "421 4.3.2 closing"
        envelope.rcpt_tos.append(address)
        if name.startswith("dropbefore"):
            server.transport.abort()
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global count
        name = envelope.rcpt_tos[0].split("@")[0]
        if options.delay:
            await asyncio.sleep(options.delay)
        if name.startswith("refusedata"):
            return "554 5.7.1 not wanted"
        if name.startswith("laterdata"):
            return "452 4.2.2 mailbox full"
        count += 1
        path = os.path.join(options.folder, f"{count:06d}.eml")
        with open(path + ".tmp", "wb") as mail:
            mail.write(envelope.original_content)
        os.rename(path + ".tmp", path)
        head = envelope.original_content.split(b"\r\n\r\n")[0].decode("ascii", "replace")
        identity = [line for line in head.split("\r\n") if line.lower().startswith("message-id:")]
        log.write(f"{envelope.rcpt_tos[0]} {identity[0].split(':', 1)[1].strip() if identity else '-'}\n")
        if name.startswith("dropafter"):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = f"{data.login.decode()}:{data.password.decode()}" == options.auth
    return AuthResult(success=right, handled=False)


settings = {"decode_data": False, "enable_SMTPUTF8": False, "timeout": 600}
if options.auth:
    settings |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
context = None
if options.cert:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if not options.smtps:
        settings["tls_context"] = context


async def serve():
    loop = asyncio.get_running_loop()
    encrypted = context if options.smtps else None
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop, **settings), "127.0.0.1", 0, ssl=encrypted)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# Ends with the test that started it: its standard input closes.
def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
asyncio.run(serve())
