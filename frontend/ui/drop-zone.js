// An area that accepts dropped files, with file inputs as the alternative.

import { html, useEffect, useRef, useState } from "../lib/html.js";

/**
 * @param {object} properties
 * @param {(files: File[]) => void} properties.onFiles at least one
 * @param {string} properties.accept of the file input
 * @param {string} properties.button its label
 * @param {string} [properties.test] its name for the tests
 * @param {boolean} [properties.isSingle] whether one file can be picked only
 * @param {(transfer: DataTransfer) => void} [properties.onTransfer] takes what is dropped, folders too
 * @param {string} [properties.folderButton] the label of another input, which takes a folder
 * @param {(isOver: boolean) => any} properties.children what the area says, also while files are held over it
 */
export function DropZone({ onFiles, accept, button, test = "drop-zone", isSingle, children, ...folders }) {
  const { onTransfer, folderButton } = folders;
  const [isOver, setOver] = useState(false);
  useNoStrayDrops();
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    if (onTransfer) onTransfer(event.dataTransfer);
    else if (event.dataTransfer.files.length) onFiles([...event.dataTransfer.files]);
  };
  const over = (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
  };
  const leave = (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOver(false);
  };
  return html`
    <div
      class="drop-zone ${isOver ? "over" : ""}"
      data-test=${test}
      onDragEnter=${over}
      onDragOver=${over}
      onDragLeave=${leave}
      onDrop=${drop}
    >
      ${children(isOver)}
      <div class="actions">
        <${Picker} onFiles=${onFiles} accept=${accept} multiple=${!isSingle}>${button}<//>
        ${folderButton && html`<${Picker} onFiles=${onFiles} multiple webkitdirectory>${folderButton}<//>`}
      </div>
    </div>
  `;
}

function Picker({ onFiles, children, ...rest }) {
  const input = useRef(null);
  const pick = () => {
    if (input.current.files.length) onFiles([...input.current.files]);
    input.current.value = ""; // the same file can be picked again
  };
  return html`
    <label class="button">
      <input ref=${input} class="visually-hidden" type="file" onChange=${pick} ...${rest} />
      ${children}
    </label>
  `;
}

/** A file that misses the area must not replace the page. */
function useNoStrayDrops() {
  useEffect(() => {
    const over = (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    };
    const drop = (event) => event.preventDefault();
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, []);
}
