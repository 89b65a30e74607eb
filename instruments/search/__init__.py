"""Search: one tokenizer and one index for both databases; found by word, pinyin, abbreviation, model and maker."""

from instruments.search.aliases import SearchAlias, add_alias, retire_alias, seed_aliases
from instruments.search.find import find, matching_ids
from instruments.search.index import forget, index_changes, index_instrument, rebuild_index, watch, words_changed
from instruments.search.query import FacetValue, Found, Query
from instruments.search.suggest import Suggestion, suggest

__all__ = [
    "FacetValue",
    "Found",
    "Query",
    "SearchAlias",
    "Suggestion",
    "add_alias",
    "find",
    "forget",
    "index_changes",
    "index_instrument",
    "matching_ids",
    "rebuild_index",
    "retire_alias",
    "seed_aliases",
    "suggest",
    "watch",
    "words_changed",
]
