import { useState } from 'preact/hooks';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/**
 * Own messages instead of the browser's bubbles, which are in the browser's language and vanish. The form has `noValidate`. `check` is called
 * when it is submitted: if a field is at fault it marks and focuses the first one, sets `fault` to a sentence, and returns false.
 */
export function useValidation(): { fault: string | null; check(form: HTMLFormElement): boolean } {
  const [fault, setFault] = useState<string | null>(null);
  const check = (form: HTMLFormElement): boolean => {
    const fields = [...form.elements].filter(
      (element): element is Field => 'validity' in element && 'value' in element,
    );
    for (const field of fields) field.removeAttribute('aria-invalid');
    const wrong = fields.find(({ validity }) => !validity.valid);
    setFault(wrong === undefined ? null : `${labelOf(wrong)}: ${faultOf(wrong)}`);
    wrong?.setAttribute('aria-invalid', 'true');
    wrong?.focus();
    return wrong === undefined;
  };
  return { fault, check };
}

/** The fault of a form, above its button. Nothing if there is none. */
export function Fault({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <p class="refusal" role="alert">
      {text}
    </p>
  );
}

/** The first line of the label, without remarks such as "optional". */
function labelOf(field: Field): string {
  const [label] = field.labels ?? [];
  return label?.firstChild?.textContent?.trim() || field.getAttribute('aria-label') || field.name;
}

/** What is wrong with a field, as a sentence that says what to do. */
function faultOf(field: Field): string {
  const { validity } = field;
  const limit = (name: string): string => field.getAttribute(name) ?? '';
  if (validity.customError) return field.validationMessage;
  if (validity.badInput || validity.typeMismatch) return 'Enter a number.';
  if (validity.valueMissing) return field instanceof HTMLSelectElement ? 'Choose a value.' : 'Enter a value.';
  if (validity.rangeUnderflow) return `Enter at least ${limit('min')}.`;
  if (validity.rangeOverflow) return `Enter at most ${limit('max')}.`;
  if (validity.stepMismatch)
    return ['', '1'].includes(limit('step')) ? 'Enter a whole number.' : `Enter a multiple of ${limit('step')}.`;
  if (validity.tooShort) return `Enter at least ${limit('minlength')} characters.`;
  if (validity.tooLong) return `Enter at most ${limit('maxlength')} characters.`;
  return field.title === '' ? 'Enter a value in the allowed format.' : `Enter ${field.title}.`;
}
