// Lets the columns of a table be sorted; it can be read without. Runs when the whole table is there.
'use strict';

const table = document.getElementById('rows');
const collator = new Intl.Collator(document.documentElement.lang, {numeric: true, sensitivity: 'base'});

function value(body, column) {
  const cell = body.rows[0].cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}

// Cells with nothing in them come last, whichever way the others go.
function sort(column, down) {
  const bodies = [...table.tBodies].map(body => ({body, key: value(body, column)}));
  bodies.sort((a, b) => !a.key - !b.key || (down ? -1 : 1) * collator.compare(a.key, b.key));
  table.append(...bodies.map(({body}) => body));
}

const heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = head.textContent;
  button.addEventListener('click', () => {
    const down = head.ariaSort === 'ascending';
    heads.forEach(other => other.removeAttribute('aria-sort'));
    head.ariaSort = down ? 'descending' : 'ascending';
    sort(column, down);
  });
  head.replaceChildren(button);
});
heads[0].ariaSort = 'ascending'; // as it was sent
table.classList.add('sortable');
