"""The lines of accounts and tokens in the file of an export."""

import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from ..serving.body import STRICT, Identifier, Moment
from ..serving.log import iso
from .addresses import LONGEST, address, spelled

ARGON2ID = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+(\$[A-Za-z0-9+/]+){2}", re.ASCII)


def _hash(text: str) -> str:
    if text and not ARGON2ID.fullmatch(text):
        raise PydanticCustomError("hash", "Input should be a hash of argon2id, or empty")
    return text


def _address(text: str) -> str:
    try:
        return address(text)
    except ValueError:
        says = "No account can have {text}, as nobody could log in with it; change the address"
        raise PydanticCustomError("address", says, {"text": json.dumps(text)}) from None


def _in_order(names: list[str]) -> list[str]:
    return sorted(set(names))


class Line(BaseModel):
    """What a line holds; each text fits its column."""

    model_config = STRICT

    @classmethod
    def of(cls, row: Any, **other: Any) -> Self:
        """The line of a row, of which what is not as in lines is given."""
        names = cls.model_fields.keys() - other.keys() - {"kind"}
        return cls.model_construct(**other, **{name: getattr(row, name) for name in names})

    def row(self) -> dict[str, Any]:
        """The columns of a new row."""
        return {name: value for name, value in self if name != "kind"}

    def content(self) -> dict[str, Any]:
        """What becomes JSON."""
        return {name: iso(of) if isinstance(of, datetime) else of for name, of in self}

    def record(self) -> Self:
        return self


class AccountLine(Line):
    kind: Literal["account"] = "account"
    id: Identifier
    email: Annotated[str, Field(max_length=LONGEST), AfterValidator(_address)]
    name: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=122), AfterValidator(_hash)]  # empty: none is set
    active: bool
    confirmed_at: Moment | None
    created_at: Moment
    last_login_at: Moment | None
    roles: Annotated[list[str], AfterValidator(_in_order)]

    @property
    def may_log_in(self) -> bool:
        """Whether it has what that takes; one that is not active is kept out on purpose."""
        return not self.active or bool(self.password and self.confirmed_at)

    @classmethod
    def of(cls, row: Any, **other: Any) -> Self:
        """With the one spelling of its address, which release 0.1 did not keep everywhere."""
        return super().of(row, email=spelled(row.email), **other)


class TokenLine(Line):
    kind: Literal["token"] = "token"
    id: Identifier
    user_id: Identifier
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    name: Annotated[str, Field(max_length=100)]
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None
