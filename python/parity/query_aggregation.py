"""QSACL (paper sec. 3.2, Eqs. 3-4): torch.nn's own pre-norm decoder layer as the aggregation, the loss one query after another."""

import torch

from parity.common import randomise
from parity.contrast import Head as SmallHead
from parity.contrast import cross_entropy

DIM, HEADS, QUERIES, PLACES, GLOBALS, LOCALS = 128, 2, 5, 3, 2, 3
GRIDS = [3, 3, 2, 2, 2]


class Head(SmallHead):
    def __init__(self):
        super().__init__()
        self.layer1 = torch.nn.Linear(DIM, 16)


class Aggregation(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.queries = torch.nn.Parameter(torch.randn(QUERIES, DIM))
        self.layer = torch.nn.TransformerDecoderLayer(DIM, HEADS, 4 * DIM, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)

    def forward(self, cells, usable):
        return self.layer(self.queries.expand(len(cells), -1, -1), cells, memory_key_padding_mask=~usable)

    def attention(self, cells, usable):
        """Each query's weights over the cells, the mean over the heads, of the layer's second attention."""
        x = self.queries.expand(len(cells), -1, -1)
        x = x + self.layer._sa_block(self.layer.norm1(x), None, None)
        return self.layer.multihead_attn(self.layer.norm2(x), cells, cells, key_padding_mask=~usable, need_weights=True)[1]


def product_names(named):
    """The tensors of Aggregation by the names that the C++ module gives them."""
    out = {"queries": named["queries"]}
    for name, value in named.items():
        name = name.removeprefix("layer.")
        where, _, kind = name.rpartition(".")
        if where in ("norm1", "norm2", "norm3"):
            out[name] = value
        elif where == "linear1" or where == "linear2":
            out[f"mlp.fc{where[-1]}.{kind}"] = value
        elif where.endswith(".out_proj"):
            out[f"{'self_attn' if where.startswith('self') else 'cross_attn'}.proj.{kind}"] = value
        elif where == "self_attn":
            out[f"self_attn.qkv.{kind.removeprefix('in_proj_')}"] = value
        elif where == "multihead_attn":
            kind = kind.removeprefix("in_proj_")
            out[f"cross_attn.q.{kind}"], out[f"cross_attn.kv.{kind}"] = value[:DIM], value[DIM:]
    return out


def views_of(maps, valid, first, last):
    cells = torch.cat([m.reshape(PLACES, -1, DIM) for m in maps[first:last]], 1)
    return cells, torch.cat([v.reshape(PLACES, -1) for v in valid[first:last]], 1)


def fixtures():
    torch.manual_seed(12)
    student, teacher, student_head, teacher_head = Aggregation(), Aggregation(), Head(), Head()
    randomise(student), randomise(teacher)
    with torch.no_grad():
        for p in [*student_head.parameters(), *teacher_head.parameters()]:
            p.copy_(torch.randn_like(p) * 0.3)
    maps = [torch.randn(PLACES, 1, g, g, DIM, requires_grad=True) for g in GRIDS]
    their_maps = [torch.randn(PLACES, 1, g, g, DIM) for g in GRIDS]
    valid = [torch.rand(PLACES, 1, g, g) > 0.3 for g in GRIDS]
    for v in valid[GLOBALS:]:
        v[2] = False  # a place whose local views are all cloud
    centre = torch.randn(12) * 0.1

    terms = []
    z_g, z_l = student(*views_of(maps, valid, 0, GLOBALS)), student(*views_of(maps, valid, GLOBALS, None))
    with torch.no_grad():
        t_g, t_l = teacher(*views_of(their_maps, valid, 0, GLOBALS)), teacher(*views_of(their_maps, valid, GLOBALS, None))
    for b in range(PLACES - 1):
        for i in range(QUERIES):
            terms.append((cross_entropy(student_head(z_g[b, i]), teacher_head(t_l[b, i]), centre)
                          + cross_entropy(student_head(z_l[b, i]), teacher_head(t_g[b, i]), centre)) / 2)
    loss = torch.stack(terms).mean()
    loss.backward()
    tensors = {"loss": loss.reshape(1), "centre": centre, "z_g": z_g, "attention": student.attention(*views_of(maps, valid, 0, GLOBALS))}
    for v in range(len(GRIDS)):
        tensors |= {f"student.{v}": maps[v], f"teacher.{v}": their_maps[v], f"valid.{v}": valid[v], f"gradient.{v}": maps[v].grad}
    tensors |= {f"student_queries.{name}": value for name, value in product_names(dict(student.named_parameters())).items()}
    tensors |= {f"queries_gradient.{name}": value
                for name, value in product_names({name: p.grad for name, p in student.named_parameters()}).items()}
    tensors |= {f"teacher_queries.{name}": value for name, value in product_names(dict(teacher.named_parameters())).items()}
    for name, value in student_head.named_parameters():
        tensors |= {f"student_head.{name}": value, f"head_gradient.{name}": value.grad}
    for name, value in teacher_head.named_parameters():
        tensors[f"teacher_head.{name}"] = value
    return {"query_contrast": tensors}
