// As much of a browser as the modules need that keep settings: import it before them.

globalThis.addEventListener ??= () => {};
globalThis.matchMedia ??= () => ({ matches: false, addEventListener() {} });
