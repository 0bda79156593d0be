#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write src/core/walk.c without one of its checks: mutate.py NAME IN OUT, or mutate.py list.

Each check is found by its exact text, which must be there once: whoever rewrites walk.c is sent here,
so that no check is ever without its mutation. tests/unit/mutant.c says what comes of each.
"""
import sys

MUTATIONS = {
    # `..` above the start is asked of the tree.
    "dotdot": (
        "[PALE_WALK_BENEATH] = { .dotdot = LEADS_OUT, ",
        "[PALE_WALK_BENEATH] = { .dotdot = LEADS_PARENT, "),
    # `..` above the start stays there.
    "dotdot-stays": (
        "\tcase LEADS_OUT:\n\tcase LEADS_ROOT:\n\tdefault:\n\t\treturn -EXDEV;\n",
        "\tcase LEADS_OUT:\n\tcase LEADS_ROOT:\n\tdefault:\n\t\treturn 0;\n"),
    # `..` below the start is asked of the tree and not of the stack.
    "stack": (
        "\tif (walk->depth > 0) {\n\t\tops->release(ctx, pale_walk_here(walk));\n"
        "\t\twalk->depth--;\n\t\treturn tell(ops, ctx, PALE_WALK_LEFT, NULL, NULL);\n\t}\n",
        "\tif (walk->depth > 0) {\n\t\twalk->phase = PHASE_ASCEND;\n\t\treturn 0;\n\t}\n"),
    # An absolute path or link leads to the root.
    "absolute": (
        ".dotdot = LEADS_OUT,    .absolute = LEADS_OUT }",
        ".dotdot = LEADS_OUT,    .absolute = LEADS_ROOT }"),
    # An absolute link leads to the start.
    "absolute-link": (
        "\tif (leads == LEADS_OUT)\n\t\treturn -EXDEV;\n",
        ""),
    # An absolute path leads to the start.
    "absolute-path": (
        "\tif (path[0] == '/' && policies[walk->policy].absolute == LEADS_OUT)\n"
        "\t\treturn -EXDEV;\n",
        ""),
    # The final check: a directory was wanted, and the result is none.
    "final": (
        "\telse if (walk->flags & PALE_WALK_DIRECTORY)\n\t\treturn -ENOTDIR;\n",
        ""),
    # A file with a slash behind it, or with more behind it.
    "slash": (
        "\t\treturn walk->is_last && !walk->slash ? finish(walk) : -ENOTDIR;\n",
        "\t\treturn finish(walk);\n"),
    "link-limit": (
        "(walk->flags & PALE_WALK_NO_LINKS) || walk->links >= PALE_WALK_LINKS",
        "walk->flags & PALE_WALK_NO_LINKS"),
    "nofollow": (
        "\t\tif (walk->is_last && !walk->slash && (walk->flags & PALE_WALK_NOFOLLOW))\n"
        "\t\t\treturn finish(walk);\n",
        ""),
    # A link with a slash behind it is the result under NOFOLLOW.
    "nofollow-slash": (
        "walk->is_last && !walk->slash && (walk->flags & PALE_WALK_NOFOLLOW)",
        "walk->is_last && (walk->flags & PALE_WALK_NOFOLLOW)"),
    # May `.` and `..` be looked up?
    "search": (
        "\tr = ops->search == NULL ? 0 : ops->search(ctx, pale_walk_here(walk));\n",
        "\tr = 0;\n"),
    "retry": (
        "\tif (r == -EAGAIN && ++walk->tries < PALE_WALK_TRIES)\n\t\treturn 1;\n",
        ""),
}


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(MUTATIONS))
        return
    name, source, target = sys.argv[1:]
    with open(source, encoding="ascii") as file:
        text = file.read()
    if name != "none":
        old, new = MUTATIONS[name]
        if text.count(old) != 1:
            sys.exit(f"{source}: the check '{name}' is there {text.count(old)} times, not once:\n{old}")
        text = text.replace(old, new)
    with open(target, "w", encoding="ascii") as file:
        file.write(text)


main()
