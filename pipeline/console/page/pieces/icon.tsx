/** Line icons, 20 by 20. They only ever stand beside words. */
const paths = {
  overview: 'M3 10.5 10 4l7 6.5M5 9v7h10V9',
  actors: 'M5 5h4v4H5zM11 11h4v4h-4zM9 7h4v4M7 9v4h4',
  sequence: 'M5 3v14M15 3v14M5 7h9M11 4.5 14 7l-3 2.5M15 13H6M9 10.5 6 13l3 2.5',
  cache: 'M10 3a7 7 0 1 1-7 7M10 6.5a3.5 3.5 0 1 1-3.5 3.5M3 10V5M3 5h5',
  losses: 'M10 3 2.5 16h15zM10 8v4M10 14v.2',
  completeness: 'M4 5h12v11H4zM4 8.5h12M7 3v3M13 3v3M7.5 12l2 2 3.5-3.5',
  endpoint: 'M3 10h11M10 5.5 14.5 10 10 14.5M17 4v12',
  streams: 'M3 5h14M3 10h14M3 15h9',
  pin: 'M8 3h4l.7 6L15 11v1.5H5V11l2.3-2zM10 12.5V17',
  pause: 'M7 4v12M13 4v12',
  play: 'M6 4l10 6-10 6z',
  arrow: 'M4 10h12M11 5l5 5-5 5',
  sun: 'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.400 1.400M14.3 14.3l1.400 1.400M4.3 15.7l1.400-1.400M14.3 5.7l1.400-1.400',
  moon: 'M16 11.5A6.5 6.5 0 1 1 8.5 4 5.2 5.2 0 0 0 16 11.5z',
  system: 'M3 4h14v9H3zM7 16.5h6M10 13v3.5',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.5 8.5 15 16 6',
  search: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4zM12.8 12.8 17 17',
  clock: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM10 6v4l3 2',
} as const
export type IconName = keyof typeof paths

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
)
