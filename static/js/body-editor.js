// The body editor writes its few base rules into a <style> of its own, which the content security
// policy refuses, unless it finds one already there. This one is of no namespace, so it is found
// but means nothing to the browser; the rules themselves are in admin.css.
const found = document.createElementNS(null, "style");
found.setAttribute("data-tiptap-style", "");
document.head.append(found);
