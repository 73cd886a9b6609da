/*
 * dom.js -- make elements without markup in strings, so that text from outside
 * can only ever be text.
 */

/**
 * el('p', {class: 'x', id: 'y'}, 'text', child): attributes by name; false and
 * null leave one out, true makes it empty; null children are skipped.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        if (value !== null && value !== undefined && value !== false)
            element.setAttribute(name, value === true ? '' : String(value));
    for (const child of children) if (child) element.append(child);
    return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A symbol of index.html, decorative. @param {string} name */
export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    const use = document.createElementNS(SVG, 'use');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', '#i-' + name);
    svg.append(use);
    return svg;
}

/** An element that index.html promises. @param {string} id */
export function byId(id) {
    const element = document.getElementById(id);
    if (!element) throw new Error('index.html has no #' + id);
    return element;
}
