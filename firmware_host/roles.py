"""The roles of people and of programs with a token: records keep them, and the panel asks what each may do."""

from typing import Final, Literal

Role = Literal["rider", "operator", "clinician", "service"]
ROLES: Final[tuple[Role, ...]] = ("rider", "operator", "clinician", "service")
"""Rising: each may do what those before it may."""
