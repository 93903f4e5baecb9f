#!/bin/sh
# Brings schemathesis (requirements.txt) into test/openapi/.venv, where its test looks for it. Safe twice.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
.venv/bin/schemathesis --version
