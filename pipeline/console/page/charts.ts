import { useEffect, useState } from 'preact/hooks'
import type { Charts } from '../chart.ts'
import { get, type Result } from './client.ts'

let asked: Promise<Result<Charts>> | undefined

/** The drawings of the machines: they are of the build, and do not change. */
export const useCharts = (): Charts | undefined => {
  const [charts, setCharts] = useState<Charts>()
  useEffect(() => {
    asked ??= get<Charts>('/charts.json')
    void asked.then((result) => {
      if (result.kind === 'answer') setCharts(result.value)
      else asked = undefined
    })
  }, [])
  return charts
}
