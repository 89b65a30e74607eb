"""Who is let in, who is told no, and for whom it is as if there were nothing: the policies that tests/portal/guards.py names."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fixtures.town import ROLES, STRANGERS

IN, LOGIN, FORBIDDEN, NOT_THERE = "in", "login", "403", "404"
Policy = Mapping[str, str]  # role -> what becomes of her request


def only(*roles: str, forbidden: str = "", otherwise: str = NOT_THERE, strangers: str = LOGIN) -> dict[str, str]:
    """Let these roles in, tell those `forbidden` so, lead strangers to the login page; for all others it is as if there were nothing."""
    told = dict.fromkeys(forbidden.split(), FORBIDDEN)
    return dict.fromkeys(ROLES, otherwise) | dict.fromkeys(STRANGERS, strangers) | told | dict.fromkeys(roles, IN)


PUBLIC = only(*ROLES)
PUBLIC_API = PUBLIC | {"disabled": LOGIN}  # a token that has died is told so, even where none is needed
LED_TO_LOGIN = only(otherwise=LOGIN)
SIGNED_IN = only(*ROLES[2:])
HERSELF = only("owner")
NOBODY = only(strangers=NOT_THERE)
MANAGERS = ("manager", "organisation_admin", "province_admin")
ADMINISTRATORS = ("organisation_admin", "province_admin")
ANY_ADMINISTRATORS = (*ADMINISTRATORS, "organisation_admin_elsewhere")
AUDITORS = ("auditor", "auditor_elsewhere")
NOBODY_AT_ALL = only(strangers=NOT_THERE)
KEEPS_REPORT = only("organisation_admin")
RESUMES_REPORT = only("organisation_admin", forbidden="researcher owner pi")
INSPECTED = only(*MANAGERS, "auditor")
INSPECTED_BY_STRANGERS_TOO = only(*MANAGERS, "auditor", strangers=NOT_THERE)
INSPECTED_API = INSPECTED_BY_STRANGERS_TOO | {"disabled": LOGIN}
MANAGED = only(*MANAGERS, forbidden="auditor auditor_elsewhere")
ANY_MANAGERS = only(*MANAGERS, "manager_elsewhere", "organisation_admin_elsewhere", *AUDITORS)
# What is chosen is asked for one by one: to a manager of other instruments, the answer says that it is not there.
ANY_MANAGERS_CHANGE = only(*MANAGERS, "manager_elsewhere", "organisation_admin_elsewhere", forbidden="auditor auditor_elsewhere")
REGISTERS = only(*ANY_ADMINISTRATORS, forbidden="auditor auditor_elsewhere manager manager_elsewhere")
SEES_BOOKING = only("owner", "pi", *MANAGERS, "auditor")
CHANGES_BOOKING = only("owner", "pi", *MANAGERS, forbidden="auditor")
USES_BOOKING = only("owner", *MANAGERS, forbidden="auditor pi")
SPENDS = only("owner", "pi", *ADMINISTRATORS, "auditor")
READS_ACCOUNT = only("pi", *ADMINISTRATORS, "auditor")
KEEPS_ACCOUNT = only(*ADMINISTRATORS, forbidden="auditor owner pi")
ANSWERS_FOR_ACCOUNT = only("pi", *ADMINISTRATORS, forbidden="auditor owner")
PAYS = only("owner", "pi", forbidden="manager organisation_admin province_admin auditor")
SEES_STATEMENT = only("owner", "pi", *ADMINISTRATORS, "auditor")
SETTLES = only(*ADMINISTRATORS, forbidden="auditor owner pi")
DECIDES = only(*MANAGERS, forbidden="auditor owner pi")
ORGANISATION = only(*ANY_ADMINISTRATORS, *AUDITORS)
ORGANISATION_CHANGE = only(*ANY_ADMINISTRATORS, forbidden="auditor auditor_elsewhere")
OF_HOME = only(*ADMINISTRATORS, "auditor")
OF_HOME_CHANGE = only(*ADMINISTRATORS, forbidden="auditor auditor_elsewhere")
# The person is named in the form: whoever does not look after her is told that there is no such address.
OF_HOME_CHANGE_BY_ADDRESS = only(*ANY_ADMINISTRATORS, forbidden="auditor auditor_elsewhere")
ONLY_PROVINCE_GRANTS = only("province_admin", forbidden="auditor auditor_elsewhere organisation_admin")
# The organisation gives and objects; the province may give too, and answers.
OF_HOME_GIVES = only(*ADMINISTRATORS, forbidden="auditor")
OBJECTS = only("organisation_admin", forbidden="province_admin auditor")
# The province reads and reviews what an organisation signs; it does not sign.
SIGNS_OF_HOME = only("organisation_admin", forbidden="province_admin auditor auditor_elsewhere")
OF_GROUP = only(*ADMINISTRATORS, "auditor", "pi")
OF_GROUP_CHANGE = only(*ADMINISTRATORS, "pi", forbidden="auditor auditor_elsewhere")
PROVINCE = only("province_admin", "auditor")
PROVINCE_CHANGE = only("province_admin", forbidden="auditor")
REGISTER = only("province_admin", "auditor")
REGISTER_CHANGE = only("province_admin", forbidden="auditor")
REGISTER_SHUT = only(forbidden="province_admin auditor")
LISTS = only(*ANY_ADMINISTRATORS, *AUDITORS, otherwise=FORBIDDEN)
LISTS_CHANGE = only(*ANY_ADMINISTRATORS, otherwise=FORBIDDEN)
LIST = only(*ADMINISTRATORS, "auditor", forbidden="researcher owner pi manager manager_elsewhere")
LIST_CHANGE = only(*ADMINISTRATORS, forbidden="researcher owner pi manager manager_elsewhere auditor auditor_elsewhere")
# The vouchers of the town are its university's; the institute elsewhere gives the services.
FIRM = ("owner", "pi", "manager", "organisation_admin")
PROVIDER = ("manager_elsewhere", "organisation_admin_elsewhere")
SEES_VOUCHER = only(*FIRM, "province_admin", "auditor")
FIRM_CHANGE = only(*FIRM, forbidden="province_admin auditor")
USES_VOUCHER = only("owner", "organisation_admin", forbidden="province_admin auditor")
SEES_CLAIM = only(*FIRM, *PROVIDER, "province_admin", *AUDITORS)
CONFIRMS_CLAIM = only(*PROVIDER, forbidden=f"{' '.join(FIRM)} province_admin auditor auditor_elsewhere")
