"""The layer between a view and its description: an operation names its query, its body and its answers once; parsing and OpenAPI follow.

Values are read by pydantic; the first thing wrong with them is told as Invalid, in both languages, with the name of the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from instruments.errors import Invalid, NotFound, Sentence
from portal.api.shapes.basics import Problem
from portal.auth import viewer
from portal.errors import LoginNeeded

PREFIX = "/api/v1"
ALWAYS = (400, 404, 429, 500, 503)
MOST_DIGITS = 18
WORDS: dict[str, Sentence] = {
    "missing": Sentence("此项必填。", "This is needed."),
    "extra_forbidden": Sentence("没有这一项。", "There is no such field."),
    "string_too_long": Sentence("内容过长。", "This is too long."),
    "too_long": Sentence("数量过多。", "These are too many."),
    "too_short": Sentence("至少需要一项。", "At least one is needed."),
    "literal_error": Sentence("不是可选的值。", "This is not one of the values to choose from."),
    "less_than_equal": Sentence("数值过大。", "This is too large."),
    "greater_than_equal": Sentence("数值过小。", "This is too small."),
    "duration": Sentence("时长应写作 PT2H 或 PT90M。", "Write a duration as PT2H or PT90M."),
    "instant": Sentence(
        "时间须按 RFC 3339 书写并带时区，例如 2026-11-24T09:00:00+08:00。",
        "Write a time as RFC 3339 with its offset, such as 2026-11-24T09:00:00+08:00.",
    ),
    "text": Sentence("含有不能使用的字符。", "This holds characters that cannot be used."),
    "identifier": Sentence("编号不正确。", "This is no id."),
}
HEADERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "If-Match": {"type": "string"},
    "X-Signature": {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"},
}
ABOUT = (
    "Ids are opaque. Times are RFC 3339 with an offset, in and out. Every error is application/problem+json with a sentence in Chinese and "
    "in English; an address asked with a method it does not take answers 405 and names those it takes in Allow."
)
OTHERWISE = Sentence("值的类型不正确。", "This has the wrong type.")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API, as its document describes it."""

    method: str
    path: str
    name: str
    summary: str
    tag: str
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | None]
    errors: tuple[int, ...]
    is_public: bool
    headers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # media types of a 200 that is a file instead


@dataclass
class Api:
    """The blueprint and all operations on it."""

    blueprint: Blueprint
    operations: list[Operation] = field(default_factory=list)

    def operation(
        self, method: str, path: str, summary: str, *, tag: str, answers: Mapping[int, type[BaseModel] | None], query: type[BaseModel] | None = None,
        body: type[BaseModel] | None = None, errors: tuple[int, ...] = (), public: bool = False, headers: tuple[str, ...] = (),
        files: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
        """Publish a view: it is given `query` and `body` already read, and ids as numbers."""

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            self.operations.append(Operation(method, path, view.__name__, summary, tag, query, body, answers, errors, public, headers, files))

            @wraps(view)
            def run(**ids: str) -> Response:
                if not public and viewer().is_anonymous:
                    raise LoginNeeded
                values: dict[str, Any] = {name: read_id(text) for name, text in ids.items()}
                if query is not None:
                    values["query"] = read(query, request.args.to_dict())
                if body is not None:
                    values["body"] = read_body(body)
                return as_response(view(**values))

            rule = re.sub(r"{(\w+)}", r"<\1>", path)
            self.blueprint.add_url_rule(rule, endpoint=view.__name__, view_func=run, methods=[method])
            return view

        return decorate


api = Api(Blueprint("api", __name__, url_prefix=PREFIX))


def read_id(text: str) -> int:
    """Read an opaque id; whatever cannot be one names nothing."""
    if not (text.isascii() and text.isdigit()) or len(text) > MOST_DIGITS:
        raise NotFound
    return int(text)


def read(shape: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """Read query values, or raise Invalid for the first that is wrong."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        raise told(error) from error


def read_body(shape: type[BaseModel]) -> BaseModel:
    """Read a JSON body; no JSON at all is 400, another content type 415."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        return shape.model_validate_json(request.get_data(cache=True), strict=True)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise BadRequest from error
        raise told(error) from error
    except UnicodeDecodeError as error:
        raise BadRequest from error


def told(error: ValidationError) -> Invalid:
    """Say what pydantic found in our words."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "body"
    context = first.get("ctx", {}).get("error")
    if isinstance(context, Invalid):
        return context
    sentence = WORDS.get(first["type"]) or WORDS.get(str(context)) or OTHERWISE
    return Invalid(place[:100], Sentence(f"{place[:100]}:{sentence.zh}", f"{place[:100]}: {sentence.en}"))


def as_response(result: Any) -> Response:
    """Turn what a view gave - a shape, (shape, status), (shape, status, headers) or a Response - into a Response."""
    if isinstance(result, Response):
        return result
    content, status, headers = (*result, 200, {})[:3] if isinstance(result, tuple) and len(result) != 2 else (result, 200, {})
    if isinstance(result, tuple) and len(result) == 2:
        content, status = result
    if content is None:
        return Response(status=204, headers=headers)
    response = jsonify(content.model_dump(mode="json") if isinstance(content, BaseModel) else content)
    response.status_code = status
    response.headers.update(headers)
    return response


def document(title: str, version: str) -> dict[str, Any]:
    """Write the OpenAPI 3.1 document of everything published."""
    shapes: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for one in api.operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one, shapes)
    _schema(Problem, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": shapes,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(one: Operation, shapes: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": one.name, "summary": one.summary, "tags": [one.tag],
        "security": [{}, {"token": []}] if one.is_public else [{"token": []}],
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.query, shapes), *_header_parameters(one.headers)],
        "responses": {str(status): _answer(shape, shapes) for status, shape in one.answers.items()},
    }  # fmt: skip
    for media_type in one.files:
        entry["responses"]["200"]["content"][media_type] = {"schema": {"type": "string"}}
    if one.body is not None:
        entry["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(one.body, shapes, "validation")}}}
    for status in sorted({*ALWAYS, 401, *one.errors, *((413, 415, 422) if one.body else ()), *((422,) if one.query else ())}):
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        entry["responses"].setdefault(str(status), {"description": "What was wrong, in both languages.", "content": content})
    return entry


def _answer(shape: type[BaseModel] | None, shapes: dict[str, Any]) -> dict[str, Any]:
    if shape is None:
        return {"description": "Done; nothing to say."}
    return {"description": (shape.__doc__ or shape.__name__).strip(), "content": {"application/json": {"schema": _schema(shape, shapes)}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"{(\w+)}", path)]


def _query_parameters(query: type[BaseModel] | None, shapes: dict[str, Any]) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template="#/components/schemas/{model}")
    shapes.update(schema.pop("$defs", {}))
    needed = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": part} for name, part in schema.get("properties", {}).items()
    ]


def _header_parameters(names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "header", "required": False, "schema": HEADERS[name]} for name in names]


def _schema(shape: type[BaseModel], shapes: dict[str, Any], mode: Any = "serialization") -> dict[str, Any]:
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}", mode=mode)
    shapes.update(schema.pop("$defs", {}))
    shapes[shape.__name__] = schema
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
