"""From a cell to a value: which reader reads which kind of column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from instruments.exchange import coded, texts
from instruments.exchange.amounts import WAN, YUAN, read_amount
from instruments.exchange.cells import says_nothing
from instruments.exchange.dates import read_full_date, read_partial_date
from instruments.exchange.fields import Field
from instruments.exchange.makers import read_model
from instruments.exchange.prices import read_fees, read_price
from instruments.exchange.readings import Reading, left_empty
from instruments.exchange.sharing import read_sharing
from instruments.exchange.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a reader needs to know besides the cell: the words of the register and today's date."""

    words: Vocabulary
    today: date
    is_maker_given: bool = False  # by the same row


Reader = Callable[[str, Field, Surroundings], Reading]
MEAN_SOMETHING = frozenset({"price", "fees", "yes_no", "raw"})  # in these columns "/" or "无" says something
READERS: Mapping[str, Reader] = {
    "owner": lambda text, field, around: texts.read_line(text, 0),
    "owner_code": lambda text, field, around: texts.read_code(text, field.most),
    "facility": lambda text, field, around: texts.read_line(text, 0),
    "identity": lambda text, field, around: texts.read_identity(text, field.most),
    "name": lambda text, field, around: texts.read_name(text, field.most, is_chinese=field.key == "name_zh"),
    "aliases": lambda text, field, around: texts.read_aliases(text),
    "line": lambda text, field, around: texts.read_line(text, field.most),
    "maker": lambda text, field, around: texts.read_line(text, field.most),
    "text": lambda text, field, around: texts.read_text(text, field.most),
    "code": lambda text, field, around: texts.read_code(text, field.most),
    "yes_no": lambda text, field, around: texts.read_yes_no(text),
    "longitude": lambda text, field, around: texts.read_degrees(text, 180),
    "latitude": lambda text, field, around: texts.read_degrees(text, 90),
    "email": lambda text, field, around: texts.read_email(text, field.most),
    "url": lambda text, field, around: texts.read_url(text, field.most),
    "raw": lambda text, field, around: texts.read_raw(text),
    "category_code": lambda text, field, around: coded.read_category_code(text, around.words),
    "category": lambda text, field, around: coded.read_category(text, around.words),
    "choice": lambda text, field, around: coded.read_choice(text, field.key, around.words),
    "country": lambda text, field, around: coded.read_country(text, around.words),
    "city": lambda text, field, around: coded.read_city(text, field.most, around.words),
    "dedicated": lambda text, field, around: coded.read_dedicated(text),
    "subjects": lambda text, field, around: coded.read_subjects(text, around.words),
    "funds": lambda text, field, around: coded.read_funds(text, around.words),
    "model": lambda text, field, around: texts.cut(read_model(text, is_maker_given=around.is_maker_given), field.most),
    "sharing": lambda text, field, around: read_sharing(text),
    "yuan": lambda text, field, around: read_amount(text, YUAN),
    "wan": lambda text, field, around: read_amount(text, WAN),
    "yuan_or_wan": lambda text, field, around: read_amount(text, YUAN, is_unit_sure=False),
    "partial_date": lambda text, field, around: read_partial_date(text, around.today),
    "full_date": lambda text, field, around: read_full_date(text, around.today),
    "fees": lambda text, field, around: texts.cut(read_fees(text), field.most),
    "price": lambda text, field, around: read_price(text),
}


def read_cell(text: str, field: Field, around: Surroundings) -> Reading:
    """Read a cleaned, non-empty cell as its field asks; Unreadable when the whole row must stay out."""
    if field.kind not in MEAN_SOMETHING and says_nothing(text):
        return left_empty(f"“{text}”按“未填”处理", f"“{text}” is taken as not given")
    return READERS[field.kind](text, field, around)
