"""Catalogues for tests, in scripts that go as UCS-2: few texts have words."""

import json
from importlib.resources import files

from imps.clp.catalogue import Catalogue, places_in

ENGLISH = json.loads(files("imps.clp").joinpath("texts", "en.json").read_text("utf-8"))


def data(letter, texts, **others):
    """What a catalogue's file holds: every text is a letter and its places, but for these."""
    short = {
        text_id: " ".join([letter, *(f"{{{name}}}" for name in sorted(places_in("", said)))])
        for text_id, said in ENGLISH["texts"].items()
    }
    return {
        **ENGLISH,
        "name": letter,
        "texts": {**short, **texts},
        "help": dict.fromkeys(ENGLISH["help"], letter),
        "about": dict.fromkeys(ENGLISH["about"], letter),
        **others,
    }


RUSSIAN = data(
    "д",
    {
        "online": "Вы в сети как {name}. {friends} Ждут: {n}. Пришлите HELP, чтобы узнать команды.",
        "unlink_ask": "Отвязать этот телефон от {name}? Ответьте YES {prompt} или NO {prompt}",
        "nobody": "Некому отправить. Напишите: S имя текст. Пришлите HELP, и узнаете больше.",
        "message": "{name}: {body}",
    },
    arguments={**ENGLISH["arguments"], "ref": "имя", "rcpts": "имя", "rest": "текст"},
    short={
        "texts": {
            "online": "Сеть: {name}. {friends} Ждут: {n}.",
            "unlink_ask": "Отвязать {name}? YES {prompt} / NO {prompt}",
            "nobody": "Некому. Напишите: S имя текст. Или HELP.",
        },
        "help": {"": "S имя текст, WHO, ADD имя, LIST, READ, OFF, STOP"},
    },
)
RUSSIAN["help"][""] = (
    "S имя текст = написать, WHO = кто в сети, ADD имя = друг, LIST, READ, OFF, STOP = конец"
)

HEBREW = data(
    "א",
    {
        "who": "מחוברים: {list}",
        "friends_online": "{n} חברים: {people}.",
        "message": "{name}: {body}",
        "message_late": "{name} ({time}): {body}",
        "added": ENGLISH["texts"]["added"],
        "to_whom": "למי? {list}. {numbers}",
    },
    direction="rtl",
    short={"texts": {"me": "א {name} {presence}"}},
)


def russian():
    return Catalogue.read("ru", RUSSIAN)


def hebrew():
    return Catalogue.read("he", HEBREW)
