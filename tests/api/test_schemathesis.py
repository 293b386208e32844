"""What nobody would send, to every route: the answer is what the document says, and never a failure of the server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from firmware_host.panel.access.rights import ROOT
from tests.api.house import House, house

EXAMPLES = 12
"""Of each route; a night can have more."""
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
)
"""Not among them: that whatever fits the document is accepted. A rider's limits and a program's steps are judged
against the table, which no document can say."""
LEFT_OUT = frozenset({"/service/ports", "/programs/simulate"})
"""They open what the machine has, or take seconds each; ``test_rest`` asks for both."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    with house(folder) as opened:
        opened.person("Sue", "service")
        yield opened


@pytest.fixture(scope="module")
def token(shared: House) -> str:
    return shared.token("service")


@pytest.fixture
def document(shared: House) -> Any:
    whole = httpx.get(f"{shared.url}{ROOT}/openapi.json").json()
    whole["paths"] = {path: one for path, one in whole["paths"].items() if path.removeprefix(ROOT) not in LEFT_OUT}
    loaded = schemathesis.openapi.from_dict(whole)
    loaded.config.update(base_url=shared.url)
    return loaded


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_route_answers_as_its_document_says(case: Any, token: str) -> None:
    case.headers["Authorization"] = f"Bearer {token}"
    case.call_and_validate(checks=CHECKS)
