// Select boxes with a search and the body editor draw a control of their own in place of the form's
// field, and leave its label behind: give each one that name, whenever one is drawn.
const labelOf = (field) => {
  const label = field && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
  if (label) label.id ||= `${field.id}_label`;
  return label;
};

const nameSelect = (select) => {
  const label = labelOf(select);
  const box = select.nextElementSibling?.querySelector(".select2-selection");
  if (!label || !box) return;
  const chosen = box.querySelector(".select2-selection__rendered");
  const search = box.querySelector(".select2-search__field");
  if (search) {
    search.setAttribute("aria-labelledby", label.id);
  } else {
    box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    box.setAttribute("aria-controls", chosen.id.replace(/container$/, "results"));
    chosen.setAttribute("aria-labelledby", label.id);
  }
};

const nameAll = () => {
  document.querySelectorAll("select.admin-autocomplete").forEach(nameSelect);
  for (const editor of document.querySelectorAll(".prose-editor")) {
    const label = labelOf(editor.querySelector("textarea"));
    const text = editor.querySelector(".ProseMirror");
    if (label) text?.setAttribute("aria-labelledby", label.id);
  }
};

// Their lists open inside the main part of the page, not after its end. Set before they are drawn.
for (const select of document.querySelectorAll("select.admin-autocomplete"))
  select.dataset.dropdownParent = "main";

nameAll();
new MutationObserver((records) => {
  const isControl = (node) =>
    node.nodeType === Node.ELEMENT_NODE &&
    (node.matches(".select2, .select2-search, .ProseMirror") || node.querySelector(".ProseMirror"));
  if (records.some((record) => [...record.addedNodes].some(isControl))) nameAll();
}).observe(document.body, { childList: true, subtree: true });

// The search field of an open list has no place in the form: it is named when it gets the focus.
document.addEventListener("focusin", ({ target }) => {
  const id = target.matches(".select2-dropdown .select2-search__field")
    && target.getAttribute("aria-controls")?.match(/^select2-(.+)-results$/)?.[1];
  const label = id && labelOf(document.getElementById(id));
  if (label) target.setAttribute("aria-labelledby", label.id);
});
