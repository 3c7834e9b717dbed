#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a tiny PointNav policy as a checkpoint of habitat-baselines, with PyTorch itself.

    python3 make_policies.py depth_lstm|rgbd_gru OUT.pth

The policy is written with torch.nn from the description in learn/habitat/pointnav_settings.h, under the names that the published
files have. Beside "state_dict" the file has "config" (yacs' CfgNode where yacs is there), "extra_state", the state of an optimiser
that has made a step, tensors of other element types, and "expected": what PyTorch answers to three steps of two episodes whose
pictures follow from a formula (picture() here and in ../pointnav_files_test.cc). The larger rgbd_gru has no "state_dict": its
weights follow from a formula, too (fill() there and here).
"""

import argparse
import sys

import torch
from torch import nn

try:
    from yacs.config import CfgNode
except ImportError:
    CfgNode = dict

SIDE = 128  # pictures end in 2 x 2 cells
EMBEDDING = 32


class Block(nn.Module):
    def __init__(self, channels, planes, out, stride, groups, cardinality, bottleneck, squeeze):
        super().__init__()
        norm = lambda n: nn.GroupNorm(groups, n)
        if bottleneck:
            self.convs = nn.Sequential(
                nn.Conv2d(channels, planes, 1, bias=False), norm(planes), nn.ReLU(True),
                nn.Conv2d(planes, planes, 3, stride, 1, groups=cardinality, bias=False), norm(planes), nn.ReLU(True),
                nn.Conv2d(planes, out, 1, bias=False), norm(out))
        else:
            self.convs = nn.Sequential(
                nn.Conv2d(channels, planes, 3, stride, 1, bias=False), norm(planes), nn.ReLU(True),
                nn.Conv2d(planes, out, 3, 1, 1, bias=False), norm(out))
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), norm(out))
        self.se = None
        if squeeze:
            self.se = nn.Module()
            self.se.excite = nn.Sequential(nn.Linear(out, out // 16), nn.ReLU(True), nn.Linear(out // 16, out), nn.Sigmoid())

    def forward(self, x):
        y = self.convs(x)
        if self.se is not None:
            y = y * self.se.excite(y.mean((2, 3)))[:, :, None, None]
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Statistics(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.register_buffer("_mean", torch.rand(1, channels, 1, 1) * 0.5)
        self.register_buffer("_var", torch.rand(1, channels, 1, 1) * 0.1)
        self.register_buffer("_count", torch.tensor(17.0))

    def forward(self, x):
        return (x - self._mean) / torch.sqrt(torch.clamp(self._var, min=1e-2))


class Encoder(nn.Module):
    def __init__(self, channels, base, first, cardinality, bottleneck, squeeze, statistics):
        super().__init__()
        groups, expansion = base // 2, 4 if bottleneck else 1
        self.running_mean_and_var = Statistics(channels) if statistics else nn.Sequential()
        self.backbone = nn.Module()
        self.backbone.conv1 = nn.Sequential(nn.Conv2d(channels, base, 7, 2, 3, bias=False), nn.GroupNorm(groups, base), nn.ReLU(True))
        planes = base
        for stage in range(4):
            width = first << stage
            block = Block(planes, width, width * expansion, 1 if stage == 0 else 2, groups, cardinality, bottleneck, squeeze)
            setattr(self.backbone, f"layer{stage + 1}", nn.Sequential(block))
            planes = width * expansion
        self.compression = nn.Sequential(nn.Conv2d(planes, 3, 3, padding=1, bias=False), nn.GroupNorm(1, 3), nn.ReLU(True))

    def forward(self, image):
        x = self.running_mean_and_var(nn.functional.avg_pool2d(image, 2))
        x = nn.functional.max_pool2d(self.backbone.conv1(x), 3, 2, 1)
        for stage in range(4):
            x = getattr(self.backbone, f"layer{stage + 1}")(x)
        return self.compression(x)


class Policy(nn.Module):
    def __init__(self, channels, base, first, cardinality, bottleneck, squeeze, statistics, lstm, layers, hidden, actions=4):
        super().__init__()
        self.lstm, self.layers, self.hidden = lstm, layers, hidden
        self.net = nn.Module()
        self.net.prev_action_embedding = nn.Embedding(actions + 1, EMBEDDING)
        self.net.tgt_embeding = nn.Linear(3, EMBEDDING)
        self.net.visual_encoder = Encoder(channels, base, first, cardinality, bottleneck, squeeze, statistics)
        self.net.visual_fc = nn.Sequential(nn.Flatten(), nn.Linear(3 * 2 * 2, hidden), nn.ReLU(True))
        self.net.state_encoder = nn.Module()
        self.net.state_encoder.rnn = (nn.LSTM if lstm else nn.GRU)(hidden + 2 * EMBEDDING, hidden, layers)
        self.action_distribution = nn.Module()
        self.action_distribution.linear = nn.Linear(hidden, actions)
        self.critic = nn.Module()
        self.critic.fc = nn.Linear(hidden, 1)

    def forward(self, image, goal, previous, state, keep):
        net = self.net
        rho, phi = goal[:, 0], goal[:, 1]
        x = [net.visual_fc(net.visual_encoder(image)),
             net.tgt_embeding(torch.stack([rho, torch.cos(-phi), torch.sin(-phi)], -1)),
             net.prev_action_embedding(((previous.float() + 1) * keep).long())]
        state = state * keep[None, :, None]
        given = (state[: self.layers].contiguous(), state[self.layers:].contiguous()) if self.lstm else state
        x, state = net.state_encoder.rnn(torch.cat(x, 1)[None], given)
        state = torch.cat(state) if self.lstm else state
        return torch.log_softmax(self.action_distribution.linear(x[0]), 1), self.critic.fc(x[0])[:, 0], state


KINDS = {
    "depth_lstm": dict(channels=1, base=2, first=1, cardinality=1, bottleneck=False, squeeze=False, statistics=False, lstm=True, layers=2, hidden=4),
    "rgbd_gru": dict(channels=4, base=4, first=4, cardinality=2, bottleneck=True, squeeze=True, statistics=True, lstm=False, layers=1, hidden=8),
}


def uniform(tensor, element):
    """Of [0, 1) in steps of 2^-24, by a hash of two numbers."""
    h = (tensor * 0x9E3779B1 + element * 0x85EBCA77 + 1) & 0xFFFFFFFF
    h = ((h ^ h >> 16) * 0x7FEB352D) & 0xFFFFFFFF
    h = ((h ^ h >> 15) * 0x846CA68B) & 0xFFFFFFFF
    return ((h ^ h >> 16) >> 8) / 2**24


def fill(policy):
    for index, (name, tensor) in enumerate(sorted(policy.state_dict().items())):
        scale = 1.7 / (tensor.numel() / tensor.shape[0]) ** 0.5 if tensor.dim() > 1 else 0.5
        values = torch.tensor([scale * (2 * uniform(index, i) - 1) for i in range(tensor.numel())])
        tensor.copy_((values.abs() if name.endswith("_var") else values).reshape(tensor.shape))


def picture(row, step, channels):
    c, y, x = torch.meshgrid(torch.arange(channels), torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    return ((7 * x + 13 * y + 29 * c + 31 * step + 17 * row + x * y // 16) % 64).float() / 64


def expected(policy, channels):
    """Rows begin with an episode; that of row 1 ends before step 2."""
    state = torch.zeros(policy.layers * (2 if policy.lstm else 1), 2, policy.hidden)
    answers = {"log_probabilities": [], "value": [], "state": []}
    for step in range(3):
        keep = torch.tensor([1.0 if step > 0 else 0.0, 1.0 if step == 1 else 0.0])
        image = torch.stack([picture(0, step, channels), picture(1, step, channels)])
        goal = torch.tensor([[3.5 + step, -0.7], [0.2, 2.5]])
        previous = torch.tensor([(step + 3) % 4, 3])
        with torch.no_grad():
            log_probabilities, value, state = policy(image, goal, previous, state, keep)
        for name, tensor in (("log_probabilities", log_probabilities), ("value", value), ("state", state.transpose(0, 1).reshape(2, -1))):
            answers[name].append(tensor)
    return {name: torch.stack(tensors) for name, tensors in answers.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("out")
    options = parser.parse_args()
    torch.manual_seed(11)
    kind = KINDS[options.kind]
    policy = Policy(**kind)
    # Habitat's initial actor is all but zero: larger weights let the answers differ.
    nn.init.normal_(policy.action_distribution.linear.weight, std=0.5)
    optimizer = torch.optim.Adam([policy.critic.fc.weight, policy.critic.fc.bias], lr=2.5e-4, eps=1e-5)
    policy.critic.fc(torch.ones(1, policy.hidden)).sum().backward()
    optimizer.step()
    if options.kind == "rgbd_gru":
        fill(policy)
    checkpoint = {
        "state_dict": {"actor_critic." + name: tensor for name, tensor in policy.state_dict().items()},
        "config": CfgNode({"RL": CfgNode({"PPO": CfgNode({"hidden_size": policy.hidden, "lr": 2.5e-4})}), "SENSORS": ["DEPTH_SENSOR"]}),
        "extra_state": {"step": 3, "wall_time": 1.5},
        "optim_state": optimizer.state_dict(),
        "others": {"half": torch.arange(4).half(), "brain": torch.arange(4).bfloat16(), "long": torch.tensor([2**40, -1]),
                   "byte": torch.tensor([0, 255], dtype=torch.uint8), "truth": torch.tensor([True, False]),
                   "turned": torch.arange(6.0).reshape(2, 3).t()},
        "expected": expected(policy, kind["channels"]),
    }
    if options.kind == "rgbd_gru":
        del checkpoint["state_dict"]
    torch.save(checkpoint, options.out)
    print(torch.__version__, sum(p.numel() for p in policy.parameters()), "parameters", file=sys.stderr)


if __name__ == "__main__":
    main()
