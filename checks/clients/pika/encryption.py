"""TLS: the same protocol on another port, with certificates on both ends."""

import ssl

import pika
from pika.exceptions import AMQPConnectionError
from session import Consumer, check, equal, numbered


def context(session, authority=True, certificate=True):
    """What a client brings: the authority that it trusts, and a certificate of its own."""
    tls = session.target["tls"]
    context = ssl.create_default_context(cafile=tls["authority"] if authority else None)
    if certificate:
        context.load_cert_chain(tls["certificate"], tls["key"])
    return context


def encrypted(session, context):
    """A channel on the encrypted port."""
    return session.channel(port=session.target["tls"]["port"], ssl_options=pika.SSLOptions(context, "localhost"))


def fails(session, context):
    try:
        encrypted(session, context)
    except (AMQPConnectionError, ssl.SSLError, ConnectionError):
        return
    raise AssertionError("it was let in")


@check
def encrypted_connection_works(session):
    channel = encrypted(session, context(session))
    queue = session.queue(channel, [*numbered(10), bytes(500_000)])
    consumer = Consumer(session.channel(), queue, auto_ack=True)
    consumer.wait(11)
    equal(consumer.bodies[10], bytes(500_000), "large body")


@check
def client_without_a_certificate_is_refused(session):
    fails(session, context(session, certificate=False))


@check
def certificate_of_the_broker_can_be_verified(session):
    fails(session, context(session, authority=False))
    old = context(session)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    encrypted(session, old)
