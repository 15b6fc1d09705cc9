import { useEffect, useId, useState } from 'preact/hooks'

/** What is typed counts once it is whole: with Enter, or when the field is left. */
export const FilterField = ({
  label,
  placeholder,
  value,
  commit,
  options = [],
}: {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly commit: (text: string) => void
  readonly options?: readonly string[]
}) => {
  const [text, setText] = useState(value)
  const id = useId()
  useEffect(() => setText(value), [value])
  const done = (): void => {
    if (text !== value) commit(text)
  }
  return (
    <label class="field inline">
      <span>{label}</span>
      <input
        type="search"
        list={options.length === 0 ? undefined : id}
        placeholder={placeholder}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value)
          // Chosen from the list, or cleared by the cross: that is whole.
          if (currentTarget.value === '' || options.includes(currentTarget.value))
            commit(currentTarget.value)
        }}
        onBlur={done}
        onKeyDown={({ key }) => {
          if (key === 'Enter') done()
        }}
      />
      <datalist id={id}>
        {options.map((option) => (
          <option key={option} value={option} />
        ))}
      </datalist>
    </label>
  )
}
