"""A browser in two words, enough for a person to know which of her logins is which."""

from __future__ import annotations

# The order counts: most browsers also say that they are one of those further down.
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
LONGEST = 60


def in_words(user_agent: str) -> str:
    """Give browser and system, "Firefox, Windows", or the beginning of what a program calls itself."""
    browser, system = (next((name for sign, name in known if sign in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, (browser, system))) or user_agent[:LONGEST]
