"""torch.optim.AdamW over two groups, and clip_grad_norm_, for ten steps: what skysense::AdamW must repeat."""

import torch

STEPS = 10


def fixtures() -> dict[str, dict[str, torch.Tensor]]:
    parameters = {
        "layer.weight": torch.randn(5, 3),
        "layer.bias": torch.randn(5),
        "norm.weight": torch.randn(5),
        "place_embedding": torch.randn(7, 5),
        "transposed.weight": torch.randn(4, 6).t(),
    }
    parameters = {name: torch.nn.Parameter(value) for name, value in parameters.items()}
    decayed = [parameters["layer.weight"], parameters["transposed.weight"]]
    others = [value for value in parameters.values() if all(value is not item for item in decayed)]
    optimizer = torch.optim.AdamW([{"params": decayed}, {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.999), eps=1e-8, foreach=False)

    saved = {f"start.{name}": value.clone() for name, value in parameters.items()}
    for step in range(STEPS):
        lr, weight_decay = 1e-2 * (step + 1) / STEPS, 0.04 + 0.01 * step
        for group, decay in zip(optimizer.param_groups, (weight_decay, 0.0)):
            group["lr"], group["weight_decay"] = lr, decay
        for name, value in parameters.items():
            if name == "norm.weight" and step in (3, 4):  # a parameter that a step does not use
                value.grad = None
                continue
            value.grad = torch.randn_like(value) * (step + 1)
            saved[f"gradient.{step}.{name}"] = value.grad.clone()
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), 20.0)
        optimizer.step()
        saved[f"norm.{step}"] = norm
        saved[f"lr.{step}"] = torch.tensor(lr, dtype=torch.float64)
        saved[f"weight_decay.{step}"] = torch.tensor(weight_decay, dtype=torch.float64)
        for name, value in parameters.items():
            saved[f"after.{step}.{name}"] = value.detach().clone()
    for name, value in parameters.items():
        state = optimizer.state[value]
        for key in ("exp_avg", "exp_avg_sq", "step"):
            saved[f"state.{name}.{key}"] = state[key].clone()
    return {"adamw": saved}
