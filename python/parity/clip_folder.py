"""A CLIP folder of Hugging Face's form without anything downloaded: a byte-level BPE trained by the `tokenizers` library
on generated text in many languages, and the texts that tokenizers are compared on."""

import json
import random
import unicodedata

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

START, END = "<|startoftext|>", "<|endoftext|>"
SENTENCES = [
    "a satellite image of residential area, industrial area and parking.",
    "an aerial photo of the airport's runway; it's 3,045 m long and we've seen 12 aircraft",
    "don't they'll he'd i'm you're: contractions aren't rare in English text",
    "Straßen und Flüsse, Wälder und Äcker im Überblick; größte Fläche 1,5 km²",
    "une forêt, des prés et l'étang près du château à Orléans",
    "río, montaña, niño, año: imágenes por satélite de España",
    "vista aérea da região de São Paulo com plantação de café e açúcar",
    "prašuma, jezero, đak, žito, šuma, čamac; łąka, źródło, gęś, święto",
    "orman, göl, şehir, çiftlik, İstanbul, ığdır, ÜÇ yüz",
    "спутниковый снимок леса, реки и города; площадь сто гектаров, ёлка",
    "супутниковий знімок поля, їжак, ґрунт, єдність",
    "δορυφορική εικόνα του δάσους και της θάλασσας, ΝΗΣΟΣ",
    "תמונת לוויין של יער, נהר ועיר",
    "صورة القمر الصناعي للغابة والنهر والمدينة ١٢٣",
    "تصویر ماهواره‌ای از جنگل و رودخانه ۴۵۶",
    "जंगल और नदी का उपग्रह चित्र १२३",
    "வனம் மற்றும் நதியின் செயற்கைக்கோள் படம்",
    "ภาพถ่ายดาวเทียมของป่าและแม่น้ำ",
    "ảnh vệ tinh của rừng và sông ở Việt Nam",
    "森林和河流的卫星图像，城市与农田。",
    "森林と川の衛星画像、都市と農地のカタカナ",
    "숲과 강의 위성 사진, 도시와 농지",
    "የደን እና የወንዝ የሳተላይት ምስል",
    "მდინარისა და ტყის სატელიტური სურათი",
    "անտառի և գետի արբանյակային պատկեր",
    "🛰️ 🌍 🌲🌲 ✈️ 🚢 🏙️ 👩‍🌾 🇫🇷 → ≤ 10 m² ½ ¾ № ™ € £ ¥",
]
# Each alone or within random text; what is odd about it beside it.
ODD_TEXTS = [
    "", " ", "\t\n\r\v\f", "a", "A", "0", "1234", "a1b2", "3.14e-5", "!", "!!!", "?!…", "...", "'", "''", "'s", "'S", "''s", "it's", "IT'S",
    "'sup 'tis 'reek 'verve 'mm 'llama 'dd", "'ſ", "’s", "a satellite image of {}.", "snake_case_name", "a-b–c—d", "a\\b/c|d", "tab\there",
    "  many   blanks  ", "line\nbreak\r\nbreak", "\u00a0no-break\u00a0blank", "em\u2003space", "ideographic\u3000space", "ogham\u1680mark",
    "line\u2028and\u2029paragraph", "next\u0085line", "zero\u200bwidth", "zero\u200djoiner", "word\u2060joiner", "\ufeffbom", "mongolian\u180evowel",
    "unit\u001fseparator\u001cfile", "nul\x00byte", "bell\x07 del\x7f esc\x1b[0m c1\x9b", "soft\u00adhyphen", "rtl\u202emark\u202c",
    "İ", "İİ", "ı", "I\u0307", "ǅ ǈ ǋ", "ŉ ß ẞ ﬁ ﬀ", "K Å Ω", "ΣΑΣ Σ ς", "Ⅷ ⅷ ² ³ ¹ ₂ ½ ⅓ ㊀ ① ٣ ३ ๓ 〇 一 㐀", "ª º ʰ ᵃ", "ꞏ Ꞌ ꞌ",
    "é e\u0301", "Å A\u030a \u212b", "q\u0307\u0323 q\u0323\u0307", "\u1e9b\u0323", "한글 \u1112\u1161\u11ab\u1100\u1173\u11af", "\u0344 \u0958 \u2126 \ufb1d \uf900",
    "\u0301leading mark", "a\u0301\u0301\u0301\u0301\u0301\u0301", "a\u0315\u0300\u05ae\u0062", "<\u0338 >\u0338 =\u0338", "\u1100\u1161 \uac00\u11a8", "\u09c7\u09be \u0bc6\u0bbe",
    "😀", "😀😀", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "1️⃣", "🏳️‍🌈", "☀︎ ☀️", "😀a😀1😀!", "𝔸𝕓𝟙 𝒳", "𐐀𐐨 𐒰", "𠀀 𪚥", "\U000e0041\U000e007f", "\U0010ffff \ufffe \uffff \ufdd0", "\ue000 \U000f0000",
    "\ufffd", "Ω≈ç√∫˜µ≤≥÷", "åß∂ƒ©˙∆˚¬…æ", "田中さんにあげて下さい", "ヽ༼ຈل͜ຈ༽ﾉ", "ﾊﾝｶｸ ＦＵＬＬ ｗｉｄｔｈ", "Z̸̢͓a̶͎l̷̰g̵̣o̶", "ⅰⅱ Ⅲ", "ȺȾ Ⱥ", "ᏸ Ꭰ ꭰ", "ა Ა", "Ꙁ ꙁ Ԁ",
    START, END, START + END, "a" + END + "b", START.upper(), END.title(), "<|endoftext|", "<|ENDOFTEXT|>!!", "!!<|ENDOFTEXT|>", "<|StartOfText|>a",
    "<|STARTOFTEXT|><|ENDOFTEXT|>", END + "\u0338", "x\u0301" + START + "\u0301y", " " + END + " ", "<|endoftext |>", "<|endoftext|>>", "<|<|endoftext|>|>",
    "a" * 300, "ab" * 500, "é" * 200, "森" * 200, "1" * 120, "!" * 500, "a b " * 200, "satellite " * 100, "'s" * 100, "🌲" * 150, "e\u0301" * 200,
]


def word_pattern() -> Regex:
    return Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def training_text(draw: random.Random) -> list[str]:
    """The sentences, and words made of the halves of two of theirs, so that merges are made within words too."""

    def made_word(words: list[str]) -> str:
        first, second = draw.choice(words), draw.choice(words)
        return first[: (len(first) + 1) // 2] + second[len(second) // 2 :]

    lines = [" ".join(made_word(sentence.split()) for _ in range(300)) for sentence in SENTENCES]
    return lines + SENTENCES * 20


def vocabulary_and_merges() -> tuple[str, str]:
    """vocab.json and merges.txt of CLIP's form: bytes, bytes that end a word, merges in their order, start and end."""
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    split = pre_tokenizers.Split(word_pattern(), behavior="removed", invert=True)
    trained.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=2600, end_of_word_suffix="</w>", initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(training_text(random.Random(5)), trainer)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]
    assert len(merges) > 1500
    tokens = alphabet + [character + "</w>" for character in alphabet] + [merge.replace(" ", "") for merge in merges] + [START, END]
    numbers = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    return json.dumps(numbers, ensure_ascii=False), "#version: 0.2\n" + "\n".join(merges) + "\n"


def added_token(content: str, normalized: bool) -> dict:
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False, "__type": "AddedToken"}


def random_texts(count: int) -> list[str]:
    """Texts of characters that Python's Unicode version knows (older than the versions that are compared), of one block or of
    all, mixed with marks, blanks, contractions and special tokens. The normaliser of `tokenizers` knows the marks of
    Unicode 9 only; the few texts that it leaves in another order than the standard's are not compared."""
    draw = random.Random(6)
    known = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    marks = [character for character in known if unicodedata.combining(character)]
    pieces = [" ", "\t", "\u00a0", "\n", "'s", "'LL", "'", START, END, END.upper(), "a", "Z", "7", "!", "e\u0301", "İ", "the ", "satellite"]
    texts = []
    for _ in range(count):
        start = draw.randrange(len(known))
        block = known[start : start + draw.choice([20, 100, len(known)])]
        kinds = draw.choices([block, marks, pieces, SENTENCES], weights=[6, draw.choice([0, 3]), 3, 0.1], k=draw.randint(1, 30))
        texts.append("".join(draw.choice(kind) for kind in kinds))
    standard = [text for text in texts if normalizers.NFC().normalize_str(text) == unicodedata.normalize("NFC", text)]
    assert len(standard) > 0.95 * count
    return standard


def every_character() -> list[str]:
    """All assigned characters but most of those for private use, 24 a text, alone, after and before a letter."""
    known = [chr(code) for code in range(0xF1000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    return ["".join(f"{character} a{character}b" for character in known[i : i + 24]) for i in range(0, len(known), 24)]
