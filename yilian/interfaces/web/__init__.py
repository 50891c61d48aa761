"""The look: shell, menu, components, stylesheet and error pages.

Start reading at `jinja.py` (what every template can use), then the component
macros in `jinja2/components/`. The gallery (`gallery.py`) shows each of them.
"""
