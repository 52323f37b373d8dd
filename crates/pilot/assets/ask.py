"""The pilot's application: reads dates through an OpenAI-compatible endpoint.

usage: ask.py URL TEXT...        prints the ISO form of each text
       ask.py URL --measure LANGUAGE N   asks N written dates, streamed; prints times and how many were right as JSON
"""
import json
import sys
import time
import urllib.request

import dates


def post(url, text, streamed):
    body = {"model": "default", "messages": [{"role": "user", "content": text}], "max_tokens": 16, "temperature": 0.0,
            "stream": streamed}
    request = urllib.request.Request(
        url.rstrip("/") + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=120)


def ask(url, text):
    with post(url, text, False) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


def watched(url, text):
    """The answer, seconds to its first token, and seconds between tokens."""
    start, at, said = time.perf_counter(), [], []
    with post(url, text, True) as answer:
        for line in answer:
            line = line.decode().strip()
            if not line.startswith("data: ") or line.endswith("[DONE]"):
                continue
            content = json.loads(line[6:])["choices"][0]["delta"]["content"]
            if content:
                at.append(time.perf_counter())
                said.append(content)
    first = at[0] - start if at else float("nan")
    between = (at[-1] - at[0]) / (len(at) - 1) if len(at) > 1 else float("nan")
    return "".join(said), first, between, len(at)


def main():
    url, rest = sys.argv[1], sys.argv[2:]
    if rest[:1] != ["--measure"]:
        for text in rest:
            print(f"{text}  ->  {ask(url, text)}")
        return
    language, count = rest[1], int(rest[2])
    asked = list(dates.pairs(language, count + 1, 2))
    watched(url, asked[0][0])  # the engine compiles and allocates on its first request
    rows = []
    for text, right in asked[1:]:
        said, first, between, tokens = watched(url, text)
        rows.append({"right": said.strip() == right, "ttft_s": first, "tpot_s": between, "tokens": tokens,
                     "prompt_tokens": len(text.encode()) + 2})
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
