/** Completion for PowerShell 5.1 and later. */

/** See the module. */
export const POWERSHELL_SCRIPT = `# omk completion for PowerShell; made by: omk completions powershell
Register-ArgumentCompleter -Native -CommandName omk -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { [string]$_.Value } else { $_.ToString() } })
    $lines = @(& $commandAst.CommandElements[0].ToString() __complete powershell "=$wordToComplete" @before 2>$null)
    if ($lines.Count -eq 0 -or $lines[0] -ne 'words') { return }
    $lines | Select-Object -Skip 1 | ForEach-Object {
        $value, $description = $_ -split "\`t", 2
        if (-not $description) { $description = $value }
        $text = if ($value -match '^[\\w./:=,-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $description)
    }
}
`;
