"""A Llama-shaped decoder in plain PyTorch, and its checkpoint in the format that serving engines read.

Pre-norm RMSNorm, rotary positions, grouped-query attention, SwiGLU, untied head. Tensor names are those of Hugging Face's
LlamaForCausalLM, so that a directory written by `save_served` loads in any engine that knows Llama.
"""
import json
import math
import os
import struct

import torch
import torch.nn.functional as F
from torch import nn

BOS, EOS, PAD = 256, 257, 258
VOCABULARY = 259


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), -1)
    return x * cos + turned * sin


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv, self.dim = c["heads"], c["kv_heads"], c["head_dim"]
        width = c["hidden"]
        self.q_proj = nn.Linear(width, self.heads * self.dim, bias=False)
        self.k_proj = nn.Linear(width, self.kv * self.dim, bias=False)
        self.v_proj = nn.Linear(width, self.kv * self.dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.dim, width, bias=False)

    def forward(self, x, cos, sin, mask):
        b, s, _ = x.shape
        split = lambda t, n: t.view(b, s, n, self.dim).transpose(1, 2)
        q, k, v = split(self.q_proj(x), self.heads), split(self.k_proj(x), self.kv), split(self.v_proj(x), self.kv)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        again = self.heads // self.kv
        k, v = k.repeat_interleave(again, 1), v.repeat_interleave(again, 1)
        scores = (q @ k.transpose(-1, -2)) / math.sqrt(self.dim) + mask
        return self.o_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, s, -1))


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c["hidden"], c["ffn"], bias=False)
        self.up_proj = nn.Linear(c["hidden"], c["ffn"], bias=False)
        self.down_proj = nn.Linear(c["ffn"], c["hidden"], bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = Norm(c["hidden"])
        self.self_attn = Attention(c)
        self.post_attention_layernorm = Norm(c["hidden"])
        self.mlp = FeedForward(c)

    def forward(self, x, cos, sin, mask):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.embed_tokens = nn.Embedding(VOCABULARY, c["hidden"])
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["layers"]))
        self.norm = Norm(c["hidden"])
        self.lm_head = nn.Linear(c["hidden"], VOCABULARY, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, std=0.02 if "embed" in name or "lm_head" in name else weight.shape[1] ** -0.5 / 2)
        angle = 10000.0 ** (-torch.arange(0, c["head_dim"], 2).float() / c["head_dim"])
        at = torch.outer(torch.arange(c["context"]).float(), angle)
        self.register_buffer("cos", torch.cat((at.cos(), at.cos()), -1), persistent=False)
        self.register_buffer("sin", torch.cat((at.sin(), at.sin()), -1), persistent=False)
        self.register_buffer("mask", torch.full((c["context"], c["context"]), float("-inf")).triu(1), persistent=False)

    def forward(self, tokens):
        s = tokens.shape[1]
        x = self.embed_tokens(tokens)
        for layer in self.layers:
            x = layer(x, self.cos[:s], self.sin[:s], self.mask[:s, :s])
        return self.lm_head(self.norm(x))


def encode(prompt, answer=None):
    """Bytes of a prompt, a newline, and the answer with an end mark; the prompt's length beside it."""
    head = [BOS, *prompt.encode(), 10]
    return (head, len(head)) if answer is None else ([*head, *answer.encode(), EOS], len(head))


def batch(pairs, length):
    """Tokens and targets; targets of the prompt and of padding do not count."""
    tokens = torch.full((len(pairs), length + 1), PAD)
    targets = torch.full((len(pairs), length + 1), -100)
    for row, (prompt, answer) in enumerate(pairs):
        ids, start = encode(prompt, answer)
        ids = ids[: length + 1]
        tokens[row, : len(ids)] = torch.tensor(ids)
        targets[row, start : len(ids)] = tokens[row, start : len(ids)]
    return tokens[:, :-1], targets[:, 1:]


def loss_of(model, tokens, targets):
    return F.cross_entropy(model(tokens).reshape(-1, VOCABULARY), targets.reshape(-1), ignore_index=-100)


@torch.no_grad()
def answer(model, prompt, longest=16):
    ids, start = encode(prompt)
    for _ in range(longest):
        ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
        if ids[-1] == EOS:
            break
    return bytes(i for i in ids[start:] if i < 256).decode(errors="replace")


def replace_file(path, write):
    """Writes beside the file, flushes to disk and renames: a kill in mid-write leaves the old file whole."""
    beside = f"{path}.part{os.getpid()}"
    with open(beside, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def save_safetensors(tensors, path):
    """The safetensors layout: length of the header, header, data."""
    header, at, blobs = {}, 0, []
    for name, tensor in tensors.items():
        blob = tensor.detach().to(torch.float32).contiguous().cpu().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        at += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    replace_file(path, lambda f: (f.write(struct.pack("<Q", len(text))), f.write(text), [f.write(b) for b in blobs]))


def byte_characters():
    """The printable character that byte-level tokenizers write for each byte (GPT-2's table)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {}, 0
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


def save_served(model, folder):
    """A directory that an engine serves: config, byte tokenizer, weights."""
    os.makedirs(folder, exist_ok=True)
    c = model.config
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "torch_dtype": "float32",
        "hidden_size": c["hidden"], "intermediate_size": c["ffn"], "num_hidden_layers": c["layers"],
        "num_attention_heads": c["heads"], "num_key_value_heads": c["kv_heads"], "head_dim": c["head_dim"],
        "max_position_embeddings": c["context"], "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "rope_scaling": None,
        "tie_word_embeddings": False, "vocab_size": VOCABULARY, "bos_token_id": BOS, "eos_token_id": EOS,
        "attention_bias": False, "mlp_bias": False,
    }
    special = {"<s>": BOS, "</s>": EOS, "<pad>": PAD}
    characters = byte_characters()
    vocabulary = {characters[b]: b for b in range(256)} | special
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None,
        "added_tokens": [
            {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for t, i in special.items()
        ],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [BOS], "tokens": ["<s>"]}},
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary, "merges": []},
    }
    words = {
        "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": True,
        "chat_template": "{% for m in messages %}{{ m['content'] + '\n' }}{% endfor %}",
    }
    for name, value in (("config.json", config), ("tokenizer.json", tokenizer), ("tokenizer_config.json", words)):
        replace_file(os.path.join(folder, name), lambda f, v=value: f.write(json.dumps(v, indent=1).encode()))
    tensors = {(n if n.startswith("lm_head") else f"model.{n}"): t for n, t in model.named_parameters()}
    save_safetensors(tensors, os.path.join(folder, "model.safetensors"))
