"""Messages reach people: through the outbox, whatever happens to the carrier or to the server."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.mail_server import MailServer, a_mail_server, text_of
from tests.people.people import messages_of, the_code
from tests.people.sending import a_call, a_user, post, send, the_pool, waiting

from poolhouse.aws.model import service_model
from poolhouse.core.errors import CodeDeliveryFailureException
from poolhouse.core.messages import Purpose
from poolhouse.postman import CLAIM, LONGEST_PAUSE, pause_after
from poolhouse.userpools import delivery

OwnServer = Callable[..., RunningServer]


@pytest.fixture
def mail() -> Any:
    with a_mail_server() as mail:
        yield mail


def by(mail: MailServer, **settings: Any) -> dict[str, Any]:
    """The settings that send e-mail by this server."""
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "smtp_security": "none",
        "mail_from": "Orders <no-reply@orders.example>",
        **settings,
    }


def deliver_due(server: RunningServer, **after: float) -> int:
    server.clock.advance(**after)
    count: int = server.run(server.server.postman.deliver_due())
    return count


def test_a_code_is_in_the_local_inbox_when_the_call_has_answered(server: RunningServer, cognito: Any) -> None:
    pool = the_pool(server, a_pool(cognito))
    address = f"ada-{pool.id}@example.com"
    send(server, pool, address)
    assert the_code(server, address) == "123456"
    (message,) = messages_of(server, address)
    assert message["Subject"] == "Your verification code"
    assert message["Body"] == "Your confirmation code is 123456"
    assert (message["Medium"], message["Purpose"], message["UserName"]) == ("EMAIL", "SIGN_UP", "ada")
    assert message["UserPoolId"] == pool.id
    assert waiting(server) == 0


def test_a_message_whose_process_died_before_it_was_tried_is_delivered_by_the_worker(
    server: RunningServer, cognito: Any
) -> None:
    pool = the_pool(server, a_pool(cognito))
    address = f"late-{pool.id}@example.com"
    post(server, pool, address)
    assert messages_of(server, address) == []
    assert deliver_due(server) == 0, "it is left to the process that wrote it for a while"
    deliver_due(server, seconds=31)
    assert the_code(server, address) == "123456"
    assert waiting(server) == 0
    server.clock.advance(seconds=-31)


def test_what_is_not_committed_is_not_sent(server: RunningServer, cognito: Any) -> None:
    pool = the_pool(server, a_pool(cognito))
    before = waiting(server)

    class Changed(Exception):
        pass

    def fail(tx: Any) -> None:
        call = a_call(server)
        user = a_user(pool, server)
        delivery.post(
            tx, call, pool, user, purpose=Purpose.SIGN_UP, medium="EMAIL", destination="a@b.example", code="1"
        )
        raise Changed

    with pytest.raises(Changed):
        server.run(server.server.parts.store.write(fail))
    assert waiting(server) == before


def test_messages_that_wait_are_sealed(server: RunningServer, cognito: Any) -> None:
    import sqlalchemy as sa

    pool = the_pool(server, a_pool(cognito))
    message_id = post(server, pool, "sealed@example.com", code="918273")
    one = sa.text("select * from outbox where id = :id")
    row = server.run(
        server.server.parts.store.read(lambda tx: tx.connection.execute(one, {"id": message_id}).one())
    )
    assert "918273" not in str(row)
    assert "sealed@example.com" not in str(row)
    server.run(server.server.parts.store.write(lambda tx: tx.outbox.remove(message_id)))


def test_a_message_that_nobody_can_unseal_holds_up_no_other_and_is_told_of(
    own_server: OwnServer, caplog: pytest.LogCaptureFixture
) -> None:
    import sqlalchemy as sa

    server = own_server()
    pool = the_pool(server, a_pool(server.client()))
    lost, _ = post(server, pool, "lost@example.com"), post(server, pool, "ada@example.com")
    exchange = sa.text("update outbox set sealed = :other where id = :id")
    values = {"other": b"nobody's", "id": lost}
    server.run(server.server.parts.store.write(lambda tx: tx.connection.execute(exchange, values)))
    deliver_due(server, seconds=31)
    assert the_code(server, "ada@example.com") == "123456"
    assert waiting(server) == 0
    (told,) = [record for record in caplog.records if "unsealed" in record.message]
    assert told.message_id == lost  # type: ignore[attr-defined]  # an extra


def test_a_deleted_pool_takes_its_messages_along(own_server: OwnServer) -> None:
    server = own_server()
    cognito = server.client()
    pool = the_pool(server, a_pool(cognito))
    post(server, pool, "ada@example.com")
    cognito.delete_user_pool(UserPoolId=pool.id)
    assert waiting(server) == 0
    assert deliver_due(server, seconds=31) == 0


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_two_nodes_never_deliver_the_same_message(
    own_server: OwnServer, mail: MailServer, engine: str
) -> None:
    import asyncio

    from poolhouse.postman import Postman

    server = own_server(engine, **by(mail))
    pool = the_pool(server, a_pool(server.client()))
    for number in range(30):
        post(server, pool, f"ada{number}@example.com")
    server.clock.advance(seconds=31)
    parts = server.server.parts

    async def all_at_once() -> None:
        postmen = [Postman(parts.store, parts.clock, parts.ports, local_inbox=True) for _ in range(4)]
        await asyncio.gather(*(postman.deliver_due() for postman in postmen))

    server.run(all_at_once())
    assert len(mail.mails) == 30
    assert len({mail["Message-ID"] for mail in mail.mails}) == 30
    assert waiting(server) == 0


class TestMail:
    def test_arrives_by_smtp_as_text_and_as_html(self, own_server: OwnServer, mail: MailServer) -> None:
        server = own_server(**by(mail))
        template = {"EmailMessage": "<p>Hello <b>{username}</b>,<br>{####}</p>", "EmailSubject": "Wëlcome"}
        pool = the_pool(server, a_pool(server.client(), VerificationMessageTemplate=template))
        send(server, pool, "ada@example.com", username="Ada & Eve")
        (got,) = mail.mails
        assert mail.envelopes == [("no-reply@orders.example", ["ada@example.com"])]
        assert got["From"] == "Orders <no-reply@orders.example>"
        assert got["To"] == "ada@example.com"
        assert got["Subject"] == "Wëlcome"
        assert got["Auto-Submitted"] == "auto-generated"
        assert got["Message-ID"].endswith("@orders.example>")
        assert text_of(got) == "Hello Ada & Eve,\n123456"
        assert text_of(got, "html") == "<p>Hello <b>Ada &amp; Eve</b>,<br>123456</p>"
        assert waiting(server) == 0
        assert messages_of(server, "ada@example.com") == []

    def test_honours_the_email_configuration_of_the_pool(
        self, own_server: OwnServer, mail: MailServer
    ) -> None:
        server = own_server(**by(mail))
        configuration = {
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/shop@example.com",
            "ReplyToEmailAddress": "help@example.com",
            "ConfigurationSet": "codes",
        }
        cognito = server.client()
        send(server, the_pool(server, a_pool(cognito, EmailConfiguration=configuration)), "ada@example.com")
        named = configuration | {"From": "The Shop <codes@example.com>"}
        send(server, the_pool(server, a_pool(cognito, EmailConfiguration=named)), "bob@example.com")
        first, second = mail.mails
        assert first["From"] == "shop@example.com"
        assert first["Reply-To"] == "help@example.com"
        assert first["X-SES-CONFIGURATION-SET"] == "codes"
        assert second["From"] == "The Shop <codes@example.com>"
        assert mail.envelopes[1] == ("codes@example.com", ["bob@example.com"])

    def test_goes_by_starttls_with_a_log_in_and_by_nothing_less(
        self, own_server: OwnServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate, key = a_certificate(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        from poolhouse.core.secret import Secret

        login = {"smtp_username": "orders", "smtp_password": Secret("mail-password")}
        with a_mail_server(context) as mail:
            settings = by(mail, smtp_security="starttls", **login)
            server = own_server(data_dir=tmp_path / "distrusts", **settings)
            pool = the_pool(server, a_pool(server.client()))
            send(server, pool, "ada@example.com")
            assert mail.mails == [], "its certificate is nobody's"
            assert waiting(server) == 1
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert deliver_due(server, minutes=2) == 1
            assert mail.were_encrypted == [True]
            assert mail.logins == [("orders", "mail-password")]
        with a_mail_server() as plain:
            server = own_server(data_dir=tmp_path / "plain", **by(plain, smtp_security="starttls"))
            pool = the_pool(server, a_pool(server.client()))
            send(server, pool, "ada@example.com")
            assert plain.mails == [], "a server without STARTTLS gets nothing"

    @pytest.mark.parametrize(
        "destination",
        [
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com, eve@example.com",
            "Ada <ada@example.com>",
            "ada",
            "@example.com",
            "ada@",
            "",
            "ada@example.com>",
        ],
    )
    def test_goes_to_one_address_and_nothing_is_added_by_it(
        self, own_server: OwnServer, mail: MailServer, destination: str
    ) -> None:
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        with pytest.raises(CodeDeliveryFailureException):
            send(server, pool, destination)
        assert mail.knocks == 0
        assert waiting(server) == 0

    def test_names_and_subjects_add_no_header(self, own_server: OwnServer, mail: MailServer) -> None:
        server = own_server(**by(mail))
        template = {"EmailSubject": "Hello\r\nBcc: eve@example.com\r\n\r\nbody", "EmailMessage": "{####}"}
        pool = the_pool(server, a_pool(server.client(), VerificationMessageTemplate=template))
        send(server, pool, "ada@example.com")
        (got,) = mail.mails
        assert got["Bcc"] is None
        assert got["Subject"] == "Hello Bcc: eve@example.com body"
        assert mail.envelopes[0][1] == ["ada@example.com"]


class TestACarrierThatDoesNotTake:
    def test_a_definite_refusal_is_told_and_not_tried_again(
        self, own_server: OwnServer, mail: MailServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        mail.answer_to_recipient = "550 no such user ada@example.com"
        with pytest.raises(CodeDeliveryFailureException):
            send(server, pool, "ada@example.com", code="918273")
        assert waiting(server) == 0
        record = next(record for record in caplog.records if "won't be" in record.getMessage())
        assert record.levelno == logging.ERROR
        assert "ada@example.com" not in str(vars(record))
        assert "918273" not in str(vars(record))

    def test_only_operations_that_may_say_so_do(self, own_server: OwnServer, mail: MailServer) -> None:
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        mail.answer_to_recipient = "550 no"
        send(server, pool, "ada@example.com", operation="InitiateAuth")
        declaring = {
            name
            for name, operation in service_model("cognito-idp").operations.items()
            if "CodeDeliveryFailureException" in operation.errors
        }
        assert declaring >= delivery.TOLD_OF_REFUSALS

    def test_a_temporary_refusal_is_tried_again_with_longer_and_longer_pauses(
        self, own_server: OwnServer, mail: MailServer
    ) -> None:
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        mail.answer_to_data = "451 later"
        send(server, pool, "ada@example.com")
        assert mail.knocks == 1
        assert deliver_due(server, seconds=9) == 0
        assert deliver_due(server, seconds=2) == 1
        assert deliver_due(server, seconds=19) == 0
        assert deliver_due(server, seconds=2) == 1
        mail.answer_to_data = "250 OK"
        assert deliver_due(server, seconds=41) == 1
        assert len(mail.mails) == 1
        assert waiting(server) == 0

    def test_a_server_that_is_away_costs_nobody_an_error(self, own_server: OwnServer) -> None:
        with a_mail_server() as gone:
            pass
        server = own_server(**by(gone))
        pool = the_pool(server, a_pool(server.client()))
        send(server, pool, "ada@example.com")
        assert waiting(server) == 1

    def test_one_that_hangs_holds_the_caller_up_for_a_moment_alone(
        self, own_server: OwnServer, mail: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(delivery, "WAITS", 0.2)
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        mail.hangs.set()
        began = time.monotonic()
        send(server, pool, "ada@example.com")
        assert time.monotonic() - began < 2
        mail.wait_for(1)
        assert deliver_due(server, seconds=60) == 0, "the attempt is still under way: nobody else may begin"
        mail.hangs.clear()
        until(lambda: waiting(server) == 0)
        assert deliver_due(server, seconds=CLAIM.total_seconds()) == 0
        assert len(mail.mails) == 1

    def test_a_message_that_nobody_needs_any_more_is_given_up(
        self, own_server: OwnServer, mail: MailServer
    ) -> None:
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        mail.answer_to_data = "451 later"
        send(server, pool, "ada@example.com", purpose=Purpose.FORGOT_PASSWORD)
        mail.answer_to_data = "250 OK"
        assert deliver_due(server, hours=1) == 1
        assert mail.mails == []
        assert waiting(server) == 0

    def test_nothing_configured_and_no_inbox_is_told(self, own_server: OwnServer) -> None:
        server = own_server(local_inbox=False)
        pool = the_pool(server, a_pool(server.client()))
        with pytest.raises(CodeDeliveryFailureException):
            send(server, pool, "ada@example.com")

    def test_an_answer_that_must_not_show_whether_anybody_was_written_to_does_not_wait(
        self, own_server: OwnServer, mail: MailServer
    ) -> None:
        server = own_server(**by(mail))
        pool = the_pool(server, a_pool(server.client()))
        mail.hangs.set()
        message_id = post(server, pool, "ada@example.com")

        async def unseen() -> None:
            delivery.deliver_unseen(a_call(server, "ForgotPassword"), [message_id])

        server.run(unseen())
        mail.hangs.clear()
        mail.wait_for(1)
        until(lambda: waiting(server) == 0)

    def test_pauses_double_up_to_an_hour(self) -> None:
        assert [pause_after(n).total_seconds() for n in (1, 2, 3, 4)] == [10, 20, 40, 80]
        assert pause_after(1_000) == LONGEST_PAUSE


def until(condition: Callable[[], bool], within: float = 10) -> None:
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now = datetime.now().astimezone()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mail.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "mail.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "mail.pem", folder / "mail.key"
