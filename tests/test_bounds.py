"""Nothing that lives as long as the process grows without a bound."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "lstm").rglob("*.py"))]

BOUNDED_BY_HAND = {
    ("lstm/heap.py", "_open"),
    ("lstm/ui/look/jobs.py", "_jobs"),
    ("lstm/processes.py", "_held"),
    ("lstm/lessons/unrolled.py", "_kept"),
    ("lstm/ui/reruns.py", "_waiting"),
}
"""Containers of modules that the code itself keeps small: see the tests of those modules."""

CACHES = {"cache", "lru_cache", "cache_data", "cache_resource"}


def name_of(node: ast.expr) -> str:
    match node:
        case ast.Call(func=func):
            return name_of(func)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def takes_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = function.args
    return bool(given.posonlyargs or given.args or given.kwonlyargs or given.vararg or given.kwarg)


def has_bound(cache: ast.expr) -> bool:
    """Tell whether a cache says how many results it keeps."""
    if not isinstance(cache, ast.Call):
        return name_of(cache) == "lru_cache"  # without arguments it keeps 128
    bounds = [k.value for k in cache.keywords if k.arg in {"maxsize", "max_entries"}]
    bounds += cache.args[:1] if name_of(cache) == "lru_cache" else []
    if not bounds:
        return name_of(cache) == "lru_cache"
    return all(not (isinstance(b, ast.Constant) and b.value is None) for b in bounds)


def unbounded(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not takes_arguments(
            node
        ):
            continue
        caches = [d for d in node.decorator_list if name_of(d) in CACHES]
        yield from (node.name for cache in caches if not has_bound(cache))


def growing(tree: ast.Module) -> Iterator[str]:
    """Yield the names of a module's containers that begin empty, so that something fills them."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        match value:
            case ast.Dict(keys=[]) | ast.List(elts=[]):
                yield name
            case ast.Call(args=[], keywords=[]) if name_of(value) in {
                *("dict", "list", "set", "deque", "defaultdict", "OrderedDict", "Counter"),
                "WeakKeyDictionary",
            }:
                yield name


def test_the_search_finds_caches_without_a_bound() -> None:
    code = """
@cache
def a(x): ...
@lru_cache(maxsize=None)
def b(x): ...
@st.cache_resource(show_spinner=False)
def c(*, x): ...
@lru_cache(None)
def d(x): ...
@cache
def once(): ...
@lru_cache
def kept(x): ...
@st.cache_data(max_entries=3)
def few(x): ...
_grows: dict[str, int] = {}
_too = set()
_fixed = {"a": 1}
"""
    tree = ast.parse(code)
    assert list(unbounded(tree)) == ["a", "b", "c", "d"]
    assert list(growing(tree)) == ["_grows", "_too"]


def test_every_cache_has_a_bound() -> None:
    found = [
        (file.relative_to(ROOT).as_posix(), name)
        for file in SOURCES
        for name in unbounded(ast.parse(file.read_text("utf-8")))
    ]
    assert found == []


def test_no_module_gathers_things_for_ever() -> None:
    found = {
        (file.relative_to(ROOT).as_posix(), name)
        for file in SOURCES
        for name in growing(ast.parse(file.read_text("utf-8")))
    }
    assert found <= BOUNDED_BY_HAND
