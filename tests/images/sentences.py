"""Words for test pictures, by script: one set to test with, another one to choose thresholds with."""

from __future__ import annotations

TEST = {
    "latin": (
        "I think the moon is just the sun in a different mood",
        "reblog if you have ever been personally victimized by a group project",
        "my cat has been staring at the same wall for 40 minutes and honestly? valid",
        "Nobody: ... Me at 3 AM: what if clouds are just sky sheep",
        "there are two kinds of people and both of them owe me money",
        "this post has 12,408 notes and I still do not understand it",
        "Hot take: soup is a drink, and cereal is a salad",
        "the library called. your book is 9 years overdue (they miss you)",
    ),
    "accents": (
        "Le garçon naïf a déjà mangé où l'été brûle, à côté du château",
        "El pingüino bebió té; ¿quién se comió la piña mañana?",
        "Über größere Straßen läuft ein müder Käfer nach Köln",
        "Zażółć gęślą jaźń, powiedział żółty łoś w Łodzi",
        "Příliš žluťoučký kůň úpěl ďábelské ódy",
        "Coração, amanhã não há pão nem avó: só atenção",
    ),
    "greek": ("Η θάλασσα είναι ήσυχη και το βράδυ ζεστό", "Ποιος έφαγε το ψωμί μου χθες;"),
    "chinese": (
        "今天的天气非常好，我们去公园散步吧。",
        "这只猫每天早上都会准时叫我起床。",
        "他说他不喜欢下雨的日子，但是喜欢雨后的空气。",
    ),
    "japanese": (
        "今日はとても天気がいいので、公園へ行きましょう。",
        "猫が窓の外を静かに見ています。",
        "昨日の夜、友だちと一緒に映画を見ました。",
    ),
    "cyrillic": ("Сегодня очень хорошая погода, пойдём гулять",),
    "hebrew": ("היום מזג האוויר נעים מאוד",),
    "arabic": ("الطقس جميل جدا اليوم",),
    "korean": ("오늘은 날씨가 정말 좋아요",),
}

TUNING = {
    "latin": (
        "if you can read this you are too close to my blog",
        "I would simply not be sad. hope this helps",
        "the raccoon outside my window knows what it did",
        "ranking every sandwich I ate in 2019: a thread",
        "he asked for no pickles and received 17 of them",
        "my toxic trait is that I believe the weather forecast",
    ),
    "accents": (
        "L'œuvre de l'élève était très réussie, même sans règle",
        "Señor, ¿dónde está la estación más próxima?",
        "Die Bäckerei öffnet früh, schließt aber spät",
        "Święta bez śniegu to nie święta, mówił dziadek",
    ),
    "chinese": ("我昨天在图书馆看了一本很有意思的书。", "明年春天我们想去南方旅行。"),
    "japanese": ("駅の前で新しい喫茶店を見つけました。", "来週の日曜日に海へ行く予定です。"),
}
