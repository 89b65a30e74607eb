"""Passwords of ten characters and more that everybody tries first; shorter ones are refused by their length."""

from __future__ import annotations

_WORDS = (
    "1234567890 12345678910 123456789a 123456789q 1234567891 0123456789 9876543210 0987654321 1122334455 1111111111 "
    "1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 q1w2e3r4t5y6 zaq12wsxcde3 qwertyuiop qwerty1234 qwerty12345 qwerty123456 "
    "asdfghjkl1 asdfghjkl123 asdf1234567 qazwsxedcrfv qazwsx1234 1234qwerasdf 123qweasdzxc qweasdzxc1 qwer1234asdf zxcvbnm123 zxcvbnm1234 "
    "password12 password123 password1234 password12345 password123456 passw0rd123 p@ssw0rd123 p@ssword123 password01 password2026 "
    "welcome123 welcome1234 letmein1234 iloveyou12 iloveyou123 iloveyou1314 administrator admin12345 admin123456 admin1234567 adminadmin "
    "root123456 test123456 testtest123 user123456 guest123456 changeme123 changeme1234 default123 secret1234 mypassword "
    "abcd123456 abc1234567 abcdefghij abcdef1234 aa12345678 aa123456789 a123456789 a1234567890 aaaa123456 asd1234567 qq123456789 "
    "woaini1314 woaini520 woaini1314520 woaini123456 wo123456789 5201314520 1314520520 520131452013 147258369a 1472583690 7418529630 "
    "zhangwei123 wangwei123 liwei123456 zhongguo123 beijing2008 beijing123 shanxi1234 taiyuan123 shanxi123456 "
    "laboratory laboratory1 microscope instrument instrument1 instruments university university1 chemistry123 physics1234 biology1234 "
    "football123 baseball123 superman123 batman12345 dragon12345 monkey12345 princess123 sunshine123 computer123 internet123"
)
COMMON = frozenset(_WORDS.split())
