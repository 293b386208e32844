"""What nobody would send, to every route: the answer is what the document says, and never a failure of the server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from firmware_host.panel.access.rights import RIGHTS, ROOT
from firmware_host.records import COMMAND_LINE, programs, riders
from tests.api.house import House, house
from tests.api.test_rest import ADA, SHORT

EXAMPLES = 20
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
LEFT_OUT = frozenset({"GET /service/ports", "POST /programs/simulate"})
"""They open what the machine has, or take seconds each; ``test_rest`` asks for both."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    with house(folder) as opened:
        opened.person("Sue", "service")
        with opened.records.begin() as transaction:
            for number in range(5):
                riders.add(transaction, COMMAND_LINE, {**ADA, "limits": {"time_inverted_s": 60.0 + number}})
                programs.add(transaction, COMMAND_LINE, "Short", SHORT)
        yield opened


@pytest.fixture(scope="module")
def token(shared: House) -> str:
    return shared.token("service")


@pytest.fixture(scope="module")
def document(shared: House) -> Any:
    whole = httpx.get(f"{shared.url}{ROOT}/openapi.json").json()
    loaded = schemathesis.openapi.from_dict(whole)
    loaded.config.update(base_url=shared.url)
    return loaded


@pytest.mark.parametrize("row", sorted(set(RIGHTS) - LEFT_OUT))
def test_a_route_answers_as_its_document_says(document: Any, token: str, row: str) -> None:
    method, path = row.split(" ")

    @given(case=document[ROOT + path][method].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})

    ask()
