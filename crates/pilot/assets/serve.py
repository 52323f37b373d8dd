"""Serves a model folder with mistral.rs behind an OpenAI-compatible endpoint: serve.py FOLDER PORT NAME.

The engine is the `mistralrs` package; this file is the HTTP in front of it: /v1/models, /v1/chat/completions (plain and
streamed), and a page at / that uses them.
"""
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from mistralrs import Architecture, ChatCompletionRequest, Runner, Which  # noqa: E402


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, code, kind, body):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def json(self, code, value):
        self.send(code, "application/json", json.dumps(value).encode())

    def refuse(self, message):
        self.json(400, {"error": {"message": message, "type": "invalid_request_error"}})

    def do_GET(self):
        if self.path == "/v1/models":
            self.json(200, {"object": "list", "data": [{"id": self.server.name, "object": "model"}]})
        elif self.path == "/":
            with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "app.html"), "rb") as file:
                self.send(200, "text/html; charset=utf-8", file.read())
        else:
            self.json(404, {"error": {"message": f"nothing at {self.path}", "type": "invalid_request_error"}})

    def do_POST(self):
        if self.path != "/v1/chat/completions":
            return self.json(404, {"error": {"message": f"nothing at {self.path}", "type": "invalid_request_error"}})
        try:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            messages = [{"role": str(m["role"]), "content": str(m["content"])} for m in asked["messages"]]
            longest = int(asked.get("max_tokens", 16))
            heat = float(asked.get("temperature", 0.0))
        except (ValueError, KeyError, TypeError) as fault:
            return self.refuse(f"not a chat completion request: {fault!r}")
        streamed = bool(asked.get("stream"))
        request = ChatCompletionRequest(
            model="default", messages=messages, max_tokens=longest, temperature=heat, stream=streamed)
        name, made = self.server.name, int(time.time())
        try:
            answer = self.server.runner.send_chat_completion_request(request)
            if not streamed:
                choice, usage = answer.choices[0], answer.usage
                return self.json(200, {
                    "id": answer.id, "object": "chat.completion", "created": made, "model": name,
                    "choices": [{"index": 0, "finish_reason": choice.finish_reason,
                                 "message": {"role": "assistant", "content": choice.message.content}}],
                    "usage": {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens,
                              "total_tokens": usage.total_tokens},
                })
        except Exception as fault:  # the engine's own errors have no common class
            return self.json(500, {"error": {"message": str(fault), "type": "server_error"}})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for part in answer:
            choice = part.choices[0]
            chunk = {"id": part.id, "object": "chat.completion.chunk", "created": made, "model": name,
                     "choices": [{"index": 0, "finish_reason": choice.finish_reason,
                                  "delta": {"role": "assistant", "content": choice.delta.content}}]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")


def main():
    folder, port, name = os.path.abspath(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    server = ThreadingHTTPServer(("127.0.0.1", port), Endpoint)
    server.runner = Runner(which=Which.Plain(model_id=folder, arch=Architecture.Llama))
    server.name = name
    print(f"http://127.0.0.1:{port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
