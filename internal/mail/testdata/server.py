# A mail server on loopback that refuses some addressees and tells what it took: first its port, then a JSON object a message.
# Arguments: plain, starttls or tls; the certificate and the key for the last two; the password of user "u", or nothing.
import asyncio, base64, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult

mode, password = sys.argv[1], sys.argv[4]
context = None
if mode != "plain":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])

# Answers by what stands before the @ of the addressee.
to_addressee = {
    "refused": "550 5.1.1 <%s> is not known here",
    "unknown": "550 <%s> is not known here",
    "moved": "551 <%s> is elsewhere",
    "disabled": "550 5.2.1 <%s> is disabled",
    "full": "552 5.2.2 <%s> is full",
    "later": "451 4.7.1 <%s> try again",
    "relay": "554 5.7.1 <%s>: Relay access denied",
    "relay2": "550 relay not permitted for <%s>",
    "quota": "550 5.4.5 Daily user sending limit exceeded, <%s>",
    "blocked": "550 5.7.1 Client host [192.5.1.1] blocked, <%s>",
    "sender": "550 5.1.8 Bad sender, <%s>",
}
to_message = {
    "spam": "554 5.7.1 not wanted",
    "dmarc": "550 5.7.26 DMARC policy",
    "gone": "550 5.1.1 no such mailbox",
    "plain": "554 no",
}


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("unwelcome"):
            return "550 not from you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = to_addressee.get(address.split("@")[0])
        if answer:
            return answer % address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = to_message.get(envelope.rcpt_tos[0].split("@")[0])
        if answer:
            return answer
        say({"from": envelope.mail_from, "to": envelope.rcpt_tos, "helo": session.host_name, "tls": session.ssl is not None or mode == "tls",
             "user": bool(session.authenticated), "data": base64.b64encode(envelope.content).decode()})
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"u" and data.password == password.encode(), handled=False)


async def main():
    def new():
        return SMTP(Handler(), tls_context=context if mode == "starttls" else None, require_starttls=mode == "starttls",
                    authenticator=authenticate if password else None, auth_required=bool(password), auth_require_tls=False)
    server = await asyncio.get_running_loop().create_server(new, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    say({"port": server.sockets[0].getsockname()[1]})
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until whoever started it is gone

asyncio.run(main())
