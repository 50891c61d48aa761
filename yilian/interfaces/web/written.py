"""How templates become Python: as Jinja does it, without what ours never need.

Jinja asks of each call how the called wants to be called, wraps each piece of text
that is shown in a new object, and makes an object that explains itself for each `if`
without an `else`. On a page of a hundred macros that was a third of its drawing.
"""

from keyword import iskeyword
from typing import Any, Final

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef
from jinja2.runtime import Macro
from jinja2.utils import missing
from markupsafe import Markup, escape

_WANTS: Final = "jinja_pass_arg"


class DirectMacro(Macro):
    """Takes its arguments by their places; what is unusual is left to Jinja."""

    def __init__(self, environment: Environment, func: Any, *facts: Any) -> None:
        super().__init__(environment, func, *facts)
        count = len(self.arguments)
        self._rest = [(missing,) * (count - given) for given in range(count + 1)]
        self._places = {name: place for place, name in enumerate(self.arguments)}
        self._is_plain = not (
            self.catch_kwargs or self.catch_varargs or self.explicit_caller
        )

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        if not self._is_plain or len(args) >= len(self._rest):
            return super().__call__(*args, **kwargs)
        filled = [*args, *self._rest[len(args)]]
        caller = kwargs.pop("caller", None) if self.caller and kwargs else None
        for name, value in kwargs.items():
            place = self._places.get(name, -1)
            if place < len(args):  # unknown, or told twice
                return super().__call__(*args, **kwargs)
            filled[place] = value
        if self.caller:
            unknown = self._environment.undefined
            filled.append(caller or unknown("No caller defined", name="caller"))
        return Markup(self._func(*filled))  # noqa: S704 - what it shows is escaped


class Marked(dict[str, Markup]):
    """Texts of ours that are shown as they are; each is made once."""

    def __missing__(self, words: str) -> Markup:
        made = self[words] = Markup(words)  # noqa: S704
        return made


def shown(value: object) -> str:
    """`escape`, which wraps once more what has been escaped."""
    return value if type(value) is Markup else escape(value)


class Written(CodeGenerator):
    """For an environment that offers `macro`, `marked` and `shown`, and escapes."""

    def visit_Call(  # noqa: N802 - Jinja's name
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        if not self._is_direct(node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        told = [*node.args, *node.kwargs]
        self.write("(")
        for one in told:
            self.visit(one, frame)
            self.write(", ")
        self.write("caller=caller)" if forward_caller else ")")

    def _is_direct(self, node: nodes.Call) -> bool:
        """Whatever asks for the context is one of the globals, and called by name."""
        if (
            node.dyn_args
            or node.dyn_kwargs
            or any(iskeyword(k.key) for k in node.kwargs)
        ):
            return False
        if not isinstance(node.node, nodes.Name):
            return True
        return not hasattr(self.environment.globals.get(node.node.name), _WANTS)

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        node = macro_ref.node
        told = (
            repr(getattr(node, "name", None)),
            repr(tuple(argument.name for argument in node.args)),
            repr(macro_ref.accesses_kwargs),
            repr(macro_ref.accesses_varargs),
            repr(macro_ref.accesses_caller),
            "context.eval_ctx.autoescape",
        )
        self.write(f"environment.macro(environment, macro, {', '.join(told)})")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        is_usual = frame.eval_ctx.autoescape and not frame.eval_ctx.volatile
        if is_usual and finalize.src is None:
            self.write("environment.shown(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def visit_MarkSafe(self, node: nodes.MarkSafe, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.expr, nodes.Const):
            self.write(f"environment.marked[{str(node.expr.value)!r}]")
        else:
            super().visit_MarkSafe(node, frame)

    def visit_CondExpr(self, node: nodes.CondExpr, frame: Frame) -> None:  # noqa: N802
        """Without an `else`, nothing."""
        other = node.expr2 or nodes.Const("")
        whole = nodes.CondExpr(node.test, node.expr1, other, lineno=node.lineno)
        super().visit_CondExpr(whole, frame)
