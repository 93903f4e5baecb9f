"""What a generator cannot read in the document: how bytes are signed, and which liberties the service leaves its callers."""

import hashlib
import hmac
import os
import re
import uuid

import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation

KEY = os.environ["TENANT_KEY"].encode()
LABELS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "application/vnd.any+json")
PATIENCE_MS = 60_000


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Bodies are made for the one label that says what they are, `Caller` puts the others on them. Nobody asks for less
    time than an answer takes: time-outs have tests of their own."""
    operation = raw_schema["paths"]["/data-action"]["post"]
    for parameter in operation["parameters"]:
        if parameter["name"] == "X-Timeout-Ms":
            parameter["schema"]["minimum"] = PATIENCE_MS
    content = operation["requestBody"]["content"]
    for label in [label for label in content if label != "application/json"]:
        del content[label]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A header that cannot be used is ignored by the service: it is no reason to refuse a request."""
    where = getattr(case.meta.phase.data, "parameter_location", None) if case.meta else None
    return not (isinstance(failure, AcceptedNegativeData) and where == ParameterLocation.HEADER)


class Caller(requests.auth.AuthBase):
    """Sends what was generated as a script would: under one label or another, signed over its exact bytes."""

    def __call__(self, request):
        body = request.body or b""
        body = body if isinstance(body, bytes) else body.encode()
        if request.headers.get("Content-Type") == "application/json":
            request.headers["Content-Type"] = LABELS[len(body) % len(LABELS)]
        key = request.headers.get("Idempotency-Key")
        if key is not None and re.fullmatch(rb"[\x21-\x7e]{1,200}", key if isinstance(key, bytes) else key.encode()):
            # Two requests with one key by chance would be a repeat.
            request.headers["Idempotency-Key"] = f"{key if isinstance(key, str) else key.decode()}-{uuid.uuid4().hex}"
        request.headers["X-CXone-Signature"] = hmac.new(KEY, body, hashlib.sha256).hexdigest()
        return request


schemathesis.auth.set_from_requests(Caller())
