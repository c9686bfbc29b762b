"""Prints the row events of one of Lutra's topics, read with Confluent's own client and deserializer, one JSON object a line.

LUTRA_TOPIC, KAFKA, LUTRA_CONTROL and LUTRA_API_TOKEN say where. At least once: a crash repeats what was read since the last commit.
"""

import json
import os
import signal
from decimal import Decimal

from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

topic = os.environ["LUTRA_TOPIC"]
# Any user; the token is the password.
registry = SchemaRegistryClient(
    {"url": os.environ["LUTRA_CONTROL"], "basic.auth.user.info": f"any:{os.environ['LUTRA_API_TOKEN']}"}
)
# No reader schema: each record is read with the schema that it was written with, so one topic may hold any number of tables.
read_value = AvroDeserializer(registry)
consumer = Consumer(
    {
        "bootstrap.servers": os.environ["KAFKA"],
        "group.id": os.environ.get("GROUP", "lutra-rows"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)


def as_text(value):
    return value.hex() if isinstance(value, bytes) else format(value, "f") if isinstance(value, Decimal) else str(value)


def line_of(message):
    headers = {name: value.decode() for name, value in message.headers()}
    record = read_value(message.value(), SerializationContext(topic, MessageField.VALUE))
    if headers["lutra-kind"] != "row":
        return {"kind": headers["lutra-kind"], **record}
    source, transaction = record["source"], record["transaction"]
    return {
        "kind": "row",
        "table": f"{source['db']}.{source['table']}",
        "op": record["op"],
        "before": record["before"],
        "after": record["after"],
        "transaction": transaction["id"],
        "last": transaction["last"],
    }


stopping = False


def stop(*_):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)
consumer.subscribe([topic])
while not stopping:
    message = consumer.poll(0.2)
    if message is None:
        continue
    if message.error():
        raise SystemExit(str(message.error()))
    print(json.dumps(line_of(message), default=as_text), flush=True)
    # After the record was dealt with, never before.
    consumer.commit(message)
consumer.close()
