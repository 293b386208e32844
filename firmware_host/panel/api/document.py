"""The OpenAPI document: what the routes say of themselves, with who may what, every error, and riders and programs."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from firmware_host.files.programs import ProgramFile
from firmware_host.files.riders import Clearance, RiderFile
from firmware_host.panel.access.rights import RIGHTS, ROOT
from firmware_host.panel.api.problems import Failure

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{model}"
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_ERRORS: Final = {
    "400": "What was sent is no JSON",
    "401": "Nobody is logged in, the screen is locked, or the token is not valid",
    "403": "For a higher role, or from a page that is none of the panel's",
    "404": "There is no such thing",
    "409": "This cannot be done as things are",
    "413": "More was sent than is read",
    "415": "What was sent is not called JSON",
    "421": "The panel does not answer to this host name",
    "422": "Something is wrong with what was sent: `problems` tells each at its field",
    "429": "Wait for `retry_after_s` seconds",
    "503": "The records or the controller do not answer at the moment",
}
_ABOUT: Final = """\
What the operator panel does, for programs.

Errors are `{"error": "what to do", "problems": [{"field", "line", "text"}]}`.

STOP and RETURN UPRIGHT need nobody: POST `/stop` or `/return` to the second listener, whose port stands in the page's
source. The live state comes over the WebSocket `/api/v1/live`, 20 times a second.
"""


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Let the application describe itself; gives what makes the document, once."""
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(_document(app))
        return made

    app.openapi = document  # type: ignore[method-assign]  # the way that FastAPI documents
    return document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title="Righting", version=VERSION, description=_ABOUT, routes=app.routes)
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token, made on the page People"},
        "login": {"type": "apiKey", "in": "cookie", "name": "righting_login", "description": "Set by POST /login"},
    }
    components["responses"] = {code: _failure(code, text) for code, text in _ERRORS.items()}
    _, models = models_json_schema(
        [(model, "validation") for model in (RiderFile, ProgramFile, Clearance, Failure)], ref_template=_REF
    )
    components["schemas"].update(models["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    for path, methods in document["paths"].items():
        for method in _METHODS & methods.keys():
            _complete(methods[method], f"{method.upper()} {path.removeprefix(ROOT)}")
    found: dict[str, Any] = _with_models(document)
    return found


def _complete(operation: dict[str, Any], row: str) -> None:
    """Say who may, and which errors there are."""
    needed = RIGHTS.get(row)
    operation["security"] = [] if needed is None else [{"token": []}, {"login": []}]
    told = "Needs no login." if needed is None else f"Needs the role **{needed}** or a higher one."
    operation["description"] = f"{operation.get('description', '')}\n\n{told}".strip()
    for code in _ERRORS:
        operation["responses"][code] = {"$ref": f"#/components/responses/{code}"}


def _failure(code: str, text: str) -> dict[str, Any]:
    example = {"error": text, "problems": []}
    content = {"application/json": {"schema": {"$ref": _REF.format(model="Failure")}, "example": example}}
    headers = {"Retry-After": {"schema": {"type": "string"}}} if code == "429" else {}
    return {"description": text, "content": content, **({"headers": headers} if headers else {})}


def _with_models(part: Any) -> Any:
    """Put the models of riders and programs where a document is named."""
    if isinstance(part, list):
        return [_with_models(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "x-document" in part:
        return {"$ref": _REF.format(model=part["x-document"])}
    return {name: _with_models(one) for name, one in part.items()}
