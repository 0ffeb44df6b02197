"""A machine without weights and without a net."""

import urllib.error
import urllib.request

import pytest


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine without weights and without a net; its cache is empty."""

    def refuse(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.delenv("LATENTSCAPE_DATA", raising=False)
    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return tmp_path
