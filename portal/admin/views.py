"""The tables of the register: which columns show, what may be searched and changed. Bookings and rules of time have pages of their own."""

from __future__ import annotations

from wtforms import SelectField

from instruments.audit import AuditEntry
from instruments.catalogue import PUBLICATIONS, Instrument, InstrumentAlias
from instruments.classification import Category
from instruments.closures import KINDS as CLOSURE_KINDS
from instruments.closures import REPEATS, Closure
from instruments.codes import CodeEntry
from instruments.facilities import Facility
from instruments.holidays import Holiday
from instruments.opening import OpeningHours
from instruments.people import ORGANISATION_KINDS, PERSON_STATUSES, Group, GroupMember, Organisation, Person
from instruments.qualifications import GRADES, Qualification
from instruments.qualifications import STATUSES as QUALIFICATION_STATUSES
from instruments.roles import ROLES, RoleGrant
from instruments.rulebooks import RuleBook
from instruments.search.aliases import SearchAlias
from portal.admin.base import RegisterView
from portal.admin.labels import LABELS
from portal.forms import options
from portal.language import lazy_t
from scheduling.bookings import MODES, Booking
from scheduling.bookings import STATUSES as BOOKING_STATUSES


class Register(RegisterView):
    """A table with our labels."""

    column_labels = LABELS


class Organisations(Register):
    """Organisations."""

    table, title = Organisation, lazy_t("单位", "Organisations")
    column_list = ("code", "name_zh", "name_en", "kind", "city", "is_active")
    column_searchable_list = ("code", "name_zh", "name_en")
    words = {"kind": ORGANISATION_KINDS}
    form_columns = ("code", "name_zh", "name_en", "kind", "city", "time_zone", "website", "mail_domain", "is_active")


class Facilities(Register):
    """Facilities."""

    table, title = Facility, lazy_t("设施与中心", "Facilities")
    column_list = ("id", "organisation_id", "kind", "name_zh", "name_en", "level")
    column_searchable_list = ("name_zh", "name_en")
    form_columns = (
        "kind", "name_zh", "name_en", "level", "purpose", "construction", "established", "area_m2", "accreditation", "department",
        "chief_scientist", "head", "about_zh", "about_en", "website",
    )  # fmt: skip
    can_create = False


class Groups(Register):
    """Groups."""

    table, title = Group, lazy_t("课题组", "Groups")
    column_list = ("id", "organisation_id", "name_zh", "name_en", "is_active")
    column_searchable_list = ("name_zh", "name_en")
    form_columns = ("name_zh", "name_en", "is_active")
    can_create = False


class Members(Register):
    """Members of groups."""

    table, title = GroupMember, lazy_t("课题组成员", "Members of groups")
    column_list = ("id", "group_id", "person_id", "is_pi")
    form_columns = ("is_pi",)
    can_create = False


class People(Register):
    """People."""

    table, title = Person, lazy_t("人员", "People")
    column_list = ("email", "name", "organisation_id", "language", "status", "created_at")
    column_searchable_list = ("email", "name")
    words = {"status": PERSON_STATUSES}
    form_columns = ("name", "language", "phone", "status", "status_note")
    form_overrides = {"language": SelectField, "status": SelectField}
    form_args = {
        "language": {"choices": options((("zh", "中文"), ("en", "English")))},
        "status": {"choices": options((key, lazy_t(one.zh, one.en)) for key, one in PERSON_STATUSES.items())},
    }
    can_create = False


class Roles(Register):
    """Roles granted."""

    table, title = RoleGrant, lazy_t("角色授权", "Roles granted")
    column_list = ("id", "person_id", "role", "organisation_id", "facility_id", "instrument_id", "granted_at")
    words = {"role": ROLES}
    is_read_only = True


class Instruments(Register):
    """Instruments."""

    table, title = Instrument, lazy_t("仪器", "Instruments")
    column_list = ("id", "inner_id", "name_zh", "name_en", "model", "manufacturer", "category_code", "publication")
    column_searchable_list = ("inner_id", "name_zh", "name_en", "model")
    words = {"publication": PUBLICATIONS}
    form_columns = (
        "name_zh", "name_en", "department", "manufacturer", "model", "country", "original_value", "commissioned", "functions",
        "specifications", "services", "achievements", "requirements", "fees", "service_url", "building", "room", "contact", "phone",
        "email", "address", "postal_code",
    )  # fmt: skip
    can_create = False


class Aliases(Register):
    """Other names of instruments."""

    table, title = InstrumentAlias, lazy_t("仪器别名", "Alias names")
    column_list = ("id", "instrument_id", "text")
    column_searchable_list = ("text",)
    form_columns = ("text",)
    can_create = False


class Categories(Register):
    """The national classification."""

    table, title = Category, lazy_t("仪器分类", "Classification")
    column_list = ("code", "name_zh", "name_en", "level", "parent_code")
    column_searchable_list = ("code", "name_zh", "name_en")
    is_read_only = True


class Codes(Register):
    """Code lists."""

    table, title = CodeEntry, lazy_t("代码表", "Code lists")
    column_list = ("list_name", "code", "name_zh", "name_en", "active")
    column_searchable_list = ("list_name", "code", "name_zh")
    form_columns = ("name_zh", "name_en", "position", "active")
    can_create = False


class Words(Register):
    """Words that mean the same in search."""

    table, title = SearchAlias, lazy_t("检索同义词", "Search synonyms")
    column_list = ("group_key", "text", "kind", "active")
    column_searchable_list = ("group_key", "text")
    form_columns = ("group_key", "text", "active")


class Holidays(Register):
    """Holidays."""

    table, title = Holiday, lazy_t("节假日", "Holidays")
    column_list = ("on_date", "name_zh", "name_en", "is_workday", "worked_as")
    is_read_only = True


class Hours(Register):
    """Opening hours."""

    table, title = OpeningHours, lazy_t("开放时间", "Opening hours")
    column_list = ("id", "instrument_id", "valid_from", "on_holidays", "made_at")
    is_read_only = True


class Closures(Register):
    """Closures."""

    table, title = Closure, lazy_t("停机", "Closures")
    column_list = ("id", "instrument_id", "facility_id", "kind", "reason", "start_at", "end_at", "repeats", "lifted_at")
    words = {"kind": CLOSURE_KINDS, "repeats": REPEATS}
    column_searchable_list = ("reason",)
    is_read_only = True


class Rules(Register):
    """Rule books."""

    table, title = RuleBook, lazy_t("预约规则", "Rule books")
    column_list = ("id", "instrument_id", "number", "valid_from", "published_at")
    is_read_only = True


class Qualifications(Register):
    """Qualifications."""

    table, title = Qualification, lazy_t("上机资格", "Qualifications")
    column_list = ("id", "person_id", "instrument_id", "status", "grade", "expires_on")
    words = {"status": QUALIFICATION_STATUSES, "grade": GRADES}
    is_read_only = True


class Bookings(Register):
    """Bookings: to be read here; whoever changes one goes through the verbs."""

    table, title = Booking, lazy_t("机时预约", "Bookings")
    column_list = ("id", "instrument_id", "person_id", "start_at", "end_at", "status", "mode")
    words = {"status": BOOKING_STATUSES, "mode": MODES}
    column_default_sort = ("id", True)
    is_read_only = True


class Audit(Register):
    """The audit log."""

    table, title = AuditEntry, lazy_t("变更日志", "Audit log")
    column_list = ("id", "at", "actor_id", "action", "noun", "row_key")
    column_searchable_list = ("noun", "row_key")
    column_default_sort = ("id", True)
    is_read_only = True


VIEWS = (
    Organisations, Facilities, Groups, Members, People, Roles, Instruments, Aliases, Categories, Codes, Words, Holidays, Hours, Closures, Rules,
    Qualifications, Bookings, Audit,
)  # fmt: skip
