"""A real mail server for tests, on loopback: keeps what it takes, and misbehaves as it is told.

Prints its port, appends each mail it took as a line of JSON to a file, and ends with its input.
"""

import argparse
import asyncio
import json
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

arguments = argparse.ArgumentParser()
arguments.add_argument("--port", type=int, default=0)
arguments.add_argument("--out", required=True)
arguments.add_argument("--reply", default="", help="refuse at RCPT with this reply")
arguments.add_argument("--data-reply", default="", help="refuse after the text with this reply")
arguments.add_argument("--times", type=int, default=1_000_000, help="how often to refuse before all is fine")
arguments.add_argument("--delay", type=float, default=0, help="seconds before the text is answered")
arguments.add_argument("--tls", default="", help="implicit or starttls")
arguments.add_argument("--certificate", default="", help="file with certificate and key")
arguments.add_argument("--login", default="", help="user:password, required")
arguments.add_argument("--utf8", action="store_true")
options = arguments.parse_args()
# A log-in without TLS is what some tests are about.
warnings.simplefilter("ignore")


class Handler:
    refusals = options.times

    def refused(self, reply):
        if not reply or self.refusals <= 0:
            return False
        self.refusals -= 1
        return True

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.refused(options.reply):
            return options.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "text": envelope.content.decode("utf-8", "replace"),
            "tls": session.ssl is not None or options.tls == "implicit",
            "user": getattr(session, "sink_user", None),
        }
        with open(options.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(mail) + "\n")
        await asyncio.sleep(options.delay)
        if self.refused(options.data_reply):
            return options.data_reply
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    if isinstance(data, LoginPassword) and f"{data.login.decode()}:{data.password.decode()}" == options.login:
        session.sink_user = data.login.decode()
        return AuthResult(success=True)
    return AuthResult(success=False, handled=False)


async def main():
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate)
    handler = Handler()

    def make():
        return SMTP(
            handler,
            hostname="sink.test",
            enable_SMTPUTF8=options.utf8,
            tls_context=context if options.tls == "starttls" else None,
            authenticator=authenticate if options.login else None,
            auth_required=bool(options.login),
            auth_require_tls=False,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        make, "127.0.0.1", options.port, ssl=context if options.tls == "implicit" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
