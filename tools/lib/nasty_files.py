"""Files that readers stumble over. Each is made by one function; none needs more than the standard library."""

import hashlib
import os
import zipfile

MEGABYTE = 1 << 20
READABLE, FAILS, EITHER = "readable", "fails", "either"


def make(folder, big_megabytes=200):
    """Writes all of them; returns {file name: READABLE, FAILS or EITHER}, without what is no file."""
    folder.mkdir(parents=True)
    expected = {}

    def add(name, content, outcome=READABLE):
        path = os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else name.encode())
        with open(path, "wb") as file:
            for piece in [content] if isinstance(content, bytes) else content:
                file.write(piece)
        expected[name] = outcome

    _emptiness(add)
    _encodings(add)
    _nesting(add)
    _front_matter(add)
    _tables(add)
    _containers(add)
    _names(add)
    _size(add, big_megabytes)
    _links(folder)
    return expected


def _emptiness(add):
    for name in (
        "empty.md",
        "empty.txt",
        "empty.html",
        "empty.csv",
        "empty.jsonl",
        "empty.pdf",
        "empty.docx",
    ):
        add(name, b"", FAILS)
    add("spaces.txt", b" \n\t\r\n" * 1000, FAILS)
    add(
        "only-markup.html",
        b"<html><head><script>alert(1)</script><style>p{}</style></head><body><img src=x></body>",
        FAILS,
    )
    add("only-front-matter.md", b"---\ntitle: Nothing below\n---\n", EITHER)
    add("only-rules.md", b"---\n\n***\n\n![](x.png)\n", EITHER)


def _encodings(add):
    text = "Grüße aus Zürich: the zqutf voucher is valid für 30 Tage. 你好，世界。\n"
    add("utf16-le-bom.txt", b"\xff\xfe" + text.encode("utf-16-le"))
    add("utf16-be-bom.txt", b"\xfe\xff" + text.encode("utf-16-be"))
    plain = "The voucher is valid for thirty days and may be extended once.\n" * 20
    add("utf16-le.txt", plain.encode("utf-16-le"), EITHER)
    add("utf16-be.txt", plain.encode("utf-16-be"), EITHER)
    add("utf16-odd.txt", b"\xff\xfe" + text.encode("utf-16-le") + b"\x41", EITHER)
    add("utf16-lone-surrogates.txt", b"\xff\xfe" + b"\x00\xd8" * 500 + "end".encode("utf-16-le"), EITHER)
    add("utf8-bom.md", b"\xef\xbb\xbf# Heading\n\n" + text.encode())
    add("latin1.txt", text.encode("latin-1", "ignore") * 5)
    add(
        "invalid-utf8.md",
        b"# Broken \xff\xfe\n\nThe parcel \xc3\x28 came \xe2\x82 on \xf0\x9f day \x80 two.\n",
        EITHER,
    )
    add(
        "overlong.txt",
        b"Overlong \xc0\xaf and surrogate \xed\xa0\x80 and big \xf7\xbf\xbf\xbf here in text.\n",
        EITHER,
    )
    add("nul.md", b"# A\x00B\n\nThe invoice\x00number is 12\x00345.\n", EITHER)
    add("nul-only.txt", b"\x00" * 5000, FAILS)
    add("controls.txt", bytes(range(1, 32)) * 50 + b" words between controls \x7f\x1b[31m red", EITHER)
    add("random.md", hashlib.shake_256(b"frontdesk").digest(200_000), EITHER)
    add("bidi.md", "# \u202eright to left\n\nzero\u200bwidth and \ufeff inside \u2028 lines.\n".encode())
    add("combining.txt", ("e" + "\u0301" * 100_000 + " word " + "\u0327" * 1000).encode(), EITHER)
    add(
        "flags.txt",
        ("\U0001f1e9\U0001f1ea" * 20_000 + " flags " + "\U0001f468\u200d" * 20_000).encode(),
        EITHER,
    )


def _nesting(add):
    n = 10_000
    add("nested-lists.md", b"".join(b"  " * min(i, 500) + b"- level %d\n" % i for i in range(n)))
    add("nested-list-one-line.md", b"- " * n + b"bottom\n", EITHER)
    add("nested-quotes.md", b"> " * n + b"bottom\n", EITHER)
    add("nested-quotes-lines.md", b"".join(b">" * i + b" q\n" for i in range(1500)), EITHER)
    add("brackets.md", b"[" * n + b"text" + b"]" * n + b"\n", EITHER)
    add("brackets-links.md", b"[a](" * n + b"text\n", EITHER)
    add("images.md", b"![" * n + b"text\n", EITHER)
    add("emphasis.md", b"*a **b " * n + b"\n", EITHER)
    add("emphasis-closers.md", b"a**" * n + b"b\n", EITHER)
    add("backticks.md", b"".join(b"`" * i + b" " for i in range(1, 1500)) + b"\n", EITHER)
    add("pipes.md", b"|" * n + b"\n" + b"|-" * n + b"|\n" + (b"|x" * n + b"|\n") * 20, EITHER)
    add(
        "headings.md",
        b"".join(b"#" * (i % 6 + 1) + b" Heading %d\n\nBody %d.\n\n" % (i, i) for i in range(n)),
    )
    add("references.md", b"".join(b"[r%d]: /u%d\n" % (i, i) for i in range(n)) + b"[r1] text " * 1000, EITHER)
    add("nested-tags.html", b"<html><body>" + b"<div>" * n + b"bottom" + b"</div>" * n)
    add("nested-lists.html", b"<ul><li>" * n + b"bottom", EITHER)
    add("nested-tables.html", b"<table><tr><td>" * n + b"bottom", EITHER)
    add("nested-formatting.html", b"<b><i><a href=x>" * n + b"bottom</p>" * n, EITHER)
    add(
        "many-attributes.html",
        b"<p " + b" ".join(b"a%d=%d" % (i, i) for i in range(100_000)) + b">text here</p>",
    )
    add("unclosed.html", b"<html><body><p>Seen.<!-- " + b"x" * 1_000_000, EITHER)
    add("entities.html", b"<p>" + b"&amp;" * 100_000 + b"&#x110000;&#0;&notanentity; end</p>", EITHER)
    add("nested.jsonl", b'{"title":"deep","text":"t","more":' + b"[" * n + b"]" * n + b"}\n", EITHER)
    add("nested-unclosed.jsonl", b'{"question":' * n + b"\n", FAILS)
    add("rst-nested.rst", b"".join(b"  " * min(i, 2000) + b"* item\n\n" for i in range(3000)), EITHER)
    add("rst-directives.rst", b".. note::\n\n   " * 2000 + b"bottom\n", EITHER)


def _front_matter(add):
    laughs = [b"a0: &a0 [lol]"] + [
        b"a%d: &a%d [%s]" % (i, i, b",".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 12)
    ]
    add(
        "yaml-laughs.md",
        b"---\n" + b"\n".join(laughs) + b"\n---\n\nThe body of the bomb stands here.\n",
        EITHER,
    )
    add("yaml-self.md", b"---\na: &a [*a]\n---\n\nThe body of the self reference.\n", EITHER)
    add(
        "yaml-deep.md",
        b"---\na: " + b"[" * 10_000 + b"]" * 10_000 + b"\n---\n\nThe body under deep brackets.\n",
        EITHER,
    )
    add(
        "yaml-long.md",
        b"---\n" + b"".join(b"key%d: value\n" % i for i in range(100_000)) + b"---\n\nBody.\n",
        EITHER,
    )
    add("yaml-unclosed.md", b"---\ntitle: x\n\nNo end of it, and then a body.\n", EITHER)
    add(
        "yaml-tags.md",
        b"---\na: !!python/object/apply:os.system ['true']\nb: !x y\n? [c]\n: d\n---\n\nBody of tags.\n",
        EITHER,
    )
    add(
        "yaml-visibility.md",
        b"---\nfrontdesk_visibility: {a: [b]}\n---\n\nBody of a wrong visibility.\n",
        EITHER,
    )


def _tables(add):
    add(
        "faq-no-answer.csv",
        b"id,question,answer\na,Is this whole?,Yes it is.\nb,Is this whole?,\nc,,Only an answer.\n",
        EITHER,
    )
    add("faq-same-ids.csv", b"id,question,answer\na,One?,First.\na,Two?,Second.\n", EITHER)
    add("faq-same-questions.csv", b"question,answer\nOne?,First.\nOne?,Second.\n", EITHER)
    add("faq-quotes.csv", b'id,question,answer\na,"Unclosed?,It goes on\nand on\n', EITHER)
    add(
        "faq-ragged.csv", b"id,question,answer\na,Too few?\nb,Too many?,Yes.,x,y,z\nc,Right?,Right.\n", EITHER
    )
    add("faq-no-header.csv", b"What is this?,A row that is no header.\n", EITHER)
    add("faq-nul.tsv", b"id\tquestion\tanswer\na\x00b\tIs NUL here?\tYes \x00 it is.\n", EITHER)
    add(
        "faq-bad-lines.jsonl",
        b'{"question":"Fine?","answer":"Fine."}\nnot json\n{"question":1}\n[]\n"x"\n\n'
        b'{"title":"T","text":"A document."}\n{"question":"\\ud800?","answer":"lone surrogate"}\n',
        EITHER,
    )
    add("faq-long-id.csv", b"id,question,answer\n" + b"i" * 5000 + b",Too long an id?,Yes.\n", FAILS)
    add(
        "columns.csv",
        b",".join(b"c%d" % i for i in range(50_000)) + b"\n" + b",".join([b"x"] * 50_000),
        EITHER,
    )


def _containers(add):
    add("not-a-zip.docx", b"PK\x03\x04" + b"\x00" * 500, FAILS)
    add("not-a-pdf.pdf", b"%PDF-1.7\n" + b"garbage " * 5000, FAILS)
    add("cut.pdf", minimal_pdf()[:300], EITHER)
    add("fine.pdf", minimal_pdf())
    add("encrypted.pdf", minimal_pdf(password=b"secret"), FAILS)
    add("image-bytes.md", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100, FAILS)
    add("executable.txt", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 100, FAILS)
    add("gzip.txt", b"\x1f\x8b\x08\x00" + bytes(range(256)) * 20, FAILS)
    paragraph = b"<w:p><w:r><w:t>The parcel is here.</w:t></w:r></w:p>"
    add("fine.docx", docx([paragraph]))
    add(
        "bomb.docx",
        docx((b"<w:p><w:r><w:t>" + b"a" * MEGABYTE + b"</w:t></w:r></w:p>" for _ in range(700))),
        FAILS,
    )
    add("bomb-spaces.docx", docx((b" " * MEGABYTE for _ in range(300)), after=paragraph), EITHER)
    add("nested.docx", docx([b"<w:tbl><w:tr><w:tc>" * 10_000 + paragraph]), EITHER)
    add("cut.docx", docx([paragraph] * 100)[:400], FAILS)
    add("no-document.docx", docx(None), FAILS)
    entity = (
        b'<!DOCTYPE w:document [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
        + b"]>"
    )
    add("entities.docx", docx([b"<w:p><w:r><w:t>&j;</w:t></w:r></w:p>"], doctype=entity), EITHER)
    external = b'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    add(
        "external-entity.docx",
        docx([b"<w:p><w:r><w:t>Text &x; here.</w:t></w:r></w:p>"], doctype=external),
        EITHER,
    )


def _names(add):
    for name in (
        "line\nbreak.md",
        "quote'\".md",
        "ünï 你好 \U0001f600.md",
        "back\\slash.md",
        "-dash.md",
        "%2F.md",
        "a#b?c.md",
        "tab\t.md",
        "semi;$(rm).md",
        "trailing.md ",
        "x" * 251 + ".md",
    ):
        add(name, ("# Named\n\nA file with a curious name, %d.\n" % len(name)).encode())
    add(b"\xff\xfe-invalid.md", b"# Named\n\nA file whose name is no UTF-8.\n", EITHER)


def _size(add, megabytes):
    sentence = b"The parcel waits in the warehouse until the customer collects it. "
    add("one-line-words.txt", (sentence * (MEGABYTE // len(sentence)) for _ in range(megabytes)), EITHER)
    add("one-line-one-word.txt", (b"x" * MEGABYTE for _ in range(megabytes)), EITHER)
    add("one-line.md", (b"word " * (MEGABYTE // 5) for _ in range(megabytes // 10)), EITHER)
    half = megabytes // 2
    add(
        "one-row.csv",
        [
            b"id,question,answer\na,Is it long?,",
            *(sentence * (MEGABYTE // len(sentence)) for _ in range(half)),
            b"\n",
        ],
        EITHER,
    )
    add(
        "many-rows.csv",
        [b"id,question,answer\n", *(b"r%d,Question %d?,Answer %d.\n" % (i, i, i) for i in range(20_000))],
    )
    add("new-lines.txt", (b"\n" * MEGABYTE for _ in range(megabytes // 10)), FAILS)


def _links(folder):
    (folder / "loop").mkdir()
    (folder / "loop/self").symlink_to(folder / "loop", target_is_directory=True)
    (folder / "loop/a").symlink_to("b")
    (folder / "loop/b").symlink_to("a")
    (folder / "dangling.md").symlink_to("not-there.md")
    os.mkfifo(folder / "pipe.md")
    deep = folder
    for _ in range(200):
        deep = deep / "deep"
    deep.mkdir(parents=True)
    (deep / "bottom.md").write_text("# Deep\n\nFar down.\n")


def docx(pieces, after=b"", doctype=b""):
    """A Word file whose document holds the pieces; without a document where there are none."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/'
            'package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default '
            'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/'
            'package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/'
            'officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        )
        if pieces is not None:
            with archive.open("word/document.xml", "w", force_zip64=True) as file:
                file.write(
                    b'<?xml version="1.0"?>'
                    + doctype
                    + b'<w:document xmlns:w="http://schemas.openxmlformats.org/'
                    b'wordprocessingml/2006/main"><w:body>'
                )
                for piece in pieces:
                    file.write(piece)
                file.write(after + b"</w:body></w:document>")
    return buffer.getvalue()


def minimal_pdf(password=None):
    """One page of text; with a password encrypted by 40-bit RC4 (PDF 1.7, 7.6.3, revision 2)."""
    content = b"BT /F1 24 Tf 72 700 Td (The parcel is in the warehouse.) Tj ET"
    identifier = hashlib.md5(b"frontdesk").digest()
    trailer = b""
    if password is not None:
        padding = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
        padded = (password + padding)[:32]
        owner = rc4(hashlib.md5(padded).digest()[:5], padded)
        permissions = (-4).to_bytes(4, "little", signed=True)
        key = hashlib.md5(padded + owner + permissions + identifier).digest()[:5]
        content = rc4(hashlib.md5(key + (5).to_bytes(3, "little") + b"\0\0").digest()[:10], content)
        trailer = b"/Encrypt 6 0 R /ID [<%s> <%s>]" % ((identifier.hex().encode(),) * 2)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
        b" /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream",
    ]
    if password is not None:
        objects.append(
            b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>"
            % (owner.hex().encode(), rc4(key, padding).hex().encode())
        )
    file, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(file))
        file += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(
        b"%010d 00000 n \n" % o for o in offsets
    )
    return (
        file
        + table
        + b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, trailer, len(file))
    )


def rc4(key, data):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
